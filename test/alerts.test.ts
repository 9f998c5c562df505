import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { parse, stringify } from 'yaml'
import { conditionTable, runbookEntry } from '../src/health/conditions.ts'
import { allMetrics, gatewayRegistries } from './support/http/gateway-metrics.ts'

const RULES = 'deploy/prometheus/floodgate.rules.yml'
const TESTS = 'deploy/prometheus/floodgate.test.yml'
const DASHBOARD = 'deploy/grafana/floodgate.json'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly targets?: ReadonlyArray<{ readonly expr: string }>
}

interface Groups {
  readonly groups: ReadonlyArray<{ readonly rules: readonly Rule[] }>
}

interface Tests {
  readonly tests: ReadonlyArray<{
    readonly promql_expr_test: ReadonlyArray<{ readonly exp_samples: ReadonlyArray<{ readonly labels: string }> }>
  }>
}

const yaml = <Shape>(path: string): Shape => parse(readFileSync(path, 'utf8'))
const rules = yaml<Groups>(RULES).groups.flatMap((group) => group.rules)
const runbook = readFileSync('docs/runbook.md', 'utf8')
const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { readonly panels: readonly Panel[] }
const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

/** What Prometheus says itself, and node_exporter about disks, which no part of Floodgate sees. */
const foreign = ['up', 'node_filesystem_avail_bytes', 'node_filesystem_size_bytes']
/** Labels that Prometheus puts on whatever it scrapes. */
const scraped = ['job', 'instance', 'le']

/** The metrics that a query asks for, each with the labels by which it chooses. */
function metricsIn(query: string): Array<{ readonly name: string; readonly labels: readonly string[] }> {
  const bare = query
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\b(?:by|on|without|ignoring)\s*\([^)]*\)/g, '')
    .replaceAll(/\[[^\]]*\]|\boffset \w+/g, '')
  const names = [...bare.matchAll(/\b([a-z_]\w*)\b(?!\s*\()(?:\{([^}]*)\})?/g)]
  const all = names.map(([, name = '', chosen = '']) => {
    return { name, labels: [...chosen.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label) }
  })
  return all.filter(({ name }) => !['and', 'or', 'unless'].includes(name))
}

/** The heading that an entry of the runbook begins with, as its address has it. */
const entries = [...runbook.matchAll(/^#{2,3} (.*)$/gm)].map(([, title = '']) => {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-')
})

test('each alert says what it is, how urgent, and has its entry of the runbook', async (t) => {
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length, 'each has a name of its own')
  for (const { alert, labels, annotations } of rules) {
    t.match(alert, /^Floodgate[A-Z]\w+$/)
    t.ok(['critical', 'warning', 'info'].includes(labels.severity ?? ''), `${alert} has a severity`)
    t.ok(annotations.summary && annotations.description, `${alert} says what happened and what it means`)
    const [page, entry = ''] = (annotations.runbook_url ?? '').split('#')
    t.equal(page, 'docs/runbook.md', alert)
    t.ok(entries.includes(entry), `${alert}: the runbook has ${entry}`)
    if (annotations.alarm !== undefined) t.match(runbook, `\n| \`${annotations.alarm}\` |`, alert)
  }
})

test('the runbook lists all alerts, with their severity and entry', async (t) => {
  const rows = [...runbook.matchAll(/^\| `(Floodgate\w+)` \| (\w+) \| [^|]+ \| \[[^\]]+\]\(#([\w-]+)\) \|$/gm)]
  t.strictSame(
    rows.map(([, ...cells]) => cells),
    rules.map(({ alert, labels, annotations }) => [alert, labels.severity, annotations.runbook_url?.split('#')[1]])
  )
})

test('each condition has an alert', async (t) => {
  for (const { name } of conditionTable) {
    const own = rules.filter(({ expr }) => expr.startsWith(`min by (job) (floodgate_condition{name="${name}"}) == 0`))
    t.strictSame(
      own.map(({ annotations }) => annotations.runbook_url),
      [runbookEntry(name)],
      name
    )
  }
})

test('alerts and dashboard ask for metrics and labels that there are', async (t) => {
  const known = new Map(allMetrics().map((metric) => [metric.name, metric]))
  const metricOf = (name: string) => known.get(name) ?? known.get(name.replace(/_(?:bucket|sum|count)$/, ''))
  t.strictSame(
    metricsIn('sum by (job) (rate(a_total{b="c", d=~"e"}[5m])) / on (job) f > 1 or g offset 5m'),
    [
      { name: 'a_total', labels: ['b', 'd'] },
      { name: 'f', labels: [] },
      { name: 'g', labels: [] }
    ],
    'queries are read'
  )
  for (const query of [...rules.map(({ expr }) => expr), ...asked]) {
    for (const { name, labels } of metricsIn(query)) {
      if (foreign.includes(name)) continue
      const metric = metricOf(name)
      t.ok(metric, `${name} of ${query}`)
      const missing = labels.filter((label) => !metric?.labels.includes(label) && !scraped.includes(label))
      t.strictSame(missing, [], query)
    }
  }
})

test('each alert has a test in which it fires', async (t) => {
  const firing = yaml<Tests>(TESTS).tests.flatMap(({ promql_expr_test: all }) => {
    return all.flatMap(({ exp_samples: samples }) => samples.map(({ labels }) => labels))
  })
  for (const { alert } of rules) t.ok(firing.includes(`{alertname="${alert}"}`), alert)
})

test('each panel of the dashboard says what it shows', async (t) => {
  const { panels } = dashboard
  t.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
  for (const { type, title, description, targets } of panels) {
    t.ok(title)
    if (type !== 'row') t.ok(description && targets?.length, title)
  }
})

const promtool = spawnSync('promtool', ['--version']).error === undefined
const withPromtool = { skip: !promtool && 'this machine has no promtool (Debian package prometheus)' }

function succeeds(t: Test, args: readonly string[], input?: string): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8', input, timeout: 600_000 })
  t.equal(status, 0, `promtool ${args.join(' ')}\n${stdout}${stderr}`)
}

test('promtool takes the rules, and each alert fires in its test', withPromtool, async (t) => {
  succeeds(t, ['check', 'rules', '--lint=all', '--lint-fatal', RULES])
  succeeds(t, ['test', 'rules', TESTS])
  succeeds(t, ['check', 'config', 'deploy/prometheus/prometheus.yml'])
})

test('promtool reads each query of the dashboard', withPromtool, async (t) => {
  const filled = asked.map((expr) =>
    expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', 'a').replaceAll('$campaign', '.*')
  )
  const file = join(t.testdir(), 'dashboard.yml')
  const recorded = filled.map((expr, number) => ({ record: `panel:${number}`, expr }))
  writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
  succeeds(t, ['check', 'rules', file])
})

test('promtool finds no fault with the metrics', withPromtool, async (t) => {
  const [own, shards] = gatewayRegistries()
  for (const name of own?.getMetricsAsArray().map((metric) => metric.name) ?? []) {
    if (!name.startsWith('floodgate_')) own?.removeSingleMetric(name)
  }
  shards?.clear()
  succeeds(t, ['check', 'metrics'], (await own?.metrics()) ?? '')
})
