// Lints the Lua of Floodgate as Redis sees it: each entry script (first line `#!lua`) with its includes pasted in.
// A file by itself would not do: the steps share their locals with the script that includes them, so both "unknown
// global" and "declared twice" can only be judged on the whole text.
// Usage: node .config/lint-lua.js [folder]. Prints `file:line: message` for each problem, nothing when there is none.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import luaparse from 'luaparse'

// What Redis offers and the scripts may use, and the names that the loader puts in front of each script.
const GLOBALS = new Set(
  'redis cjson KEYS ARGV string table math type tonumber tostring pairs ipairs next unpack select error assert pcall'
    .concat(' SHARD EPOCH REPLID PREFIX')
    .split(' ')
)
// Chance, the process' clock and whole-keyspace commands make a script that cannot be replayed or bounded.
const FORBIDDEN = [
  [/\bmath\.random/, 'math.random: a decision must be repeatable'],
  [/\bredis\.p?call\(\s*['"](KEYS|SCAN|RANDOMKEY|FLUSHDB|FLUSHALL|SELECT|EVAL)['"]/i, 'this command is not for scripts']
]
const MAX_LINES = 70
// Five, not the three of TypeScript: a table for named arguments is an allocation on each command of a batch.
const MAX_PARAMETERS = 5
// Lua's own bound is 60, which Redis tells only when a shard is opened; the four constants that the loader sets count as well.
const MAX_OUTER = 56

// Nodes with names in them; the parts of every other node are simply walked through.
const VISITS = {
  FunctionDeclaration: walkFunction,
  LocalStatement: walkLocal,
  AssignmentStatement: walkAssignment,
  RepeatStatement: walkRepeat,
  ForNumericStatement: walkNumericFor,
  ForGenericStatement: walkGenericFor,
  WhileStatement: walkWithBody,
  DoStatement: walkWithBody,
  IfClause: walkWithBody,
  ElseifClause: walkWithBody,
  ElseClause: walkWithBody,
  Identifier: use,
  MemberExpression: (member, walker) => walk(member.base, walker),
  TableKeyString: (field, walker) => walk(field.value, walker)
}

const folder = process.argv[2] ?? 'lua'
const problems = new Set()
const usedTopLevel = new Set()
const unusedTopLevel = new Map()
// `file name` of what another file uses: it must stand in the header of its own
const usedElsewhere = new Set()

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.lua'))
const entries = files.filter((name) => readFileSync(join(folder, name), 'utf8').startsWith('#!lua'))
const included = new Set()
for (const entry of entries) lintScript(entry)
for (const name of files) {
  if (!entries.includes(name) && !included.has(name)) problems.add(`${join(folder, name)}:1: included by no script`)
}
for (const [place, name] of unusedTopLevel) {
  if (!usedTopLevel.has(place)) problems.add(`${place}: '${name}' is declared but never used`)
}
for (const use of usedElsewhere) {
  const [file, name] = use.split(' ')
  const header = /^--\[\[\n([\s\S]*?)\]\]/.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
  if (!new RegExp(`\\b${name}\\b`).test(header))
    problems.add(`${file}:1: the header does not name ${name}, which others use`)
}
if (problems.size > 0) console.error([...problems].sort().join('\n'))
process.exitCode = problems.size > 0 ? 1 : 0

/** @returns the lines of a script with its includes, each with its place `file:line`; `shared` ones are of an include. */
function assemble(entry, lines = [], seen = new Set()) {
  const path = join(folder, entry)
  const shared = seen.size > 0
  seen.add(entry)
  if (shared) included.add(entry)
  // as src/gate/redis/scripts.ts does: a kind is a function, so its names are its own
  function paste(name, place) {
    if (name.startsWith('kinds/')) lines.push({ text: 'KINDS.kind = function()', place, shared })
    assemble(name, lines, seen)
    if (name.startsWith('kinds/')) lines.push({ text: 'end', place, shared })
  }
  for (const [index, text] of readFileSync(path, 'utf8').split('\n').entries()) {
    const place = `${relative('.', path)}:${index + 1}`
    const include = /^ *-- @include (\S+)$/.exec(text)?.[1]
    if (include === undefined) lines.push({ text: text.startsWith('#!') ? '' : text, place, shared })
    else if (include === 'kinds/*') {
      for (const kind of files.filter((name) => name.startsWith('kinds/') && !seen.has(name))) paste(kind, place)
    } else if (!files.includes(`${include}.lua`)) problems.add(`${place}: there is no ${include}.lua`)
    else if (seen.has(`${include}.lua`)) problems.add(`${place}: ${include}.lua is included twice`)
    else paste(`${include}.lua`, place)
    for (const [pattern, message] of FORBIDDEN) if (pattern.test(text)) problems.add(`${place}: ${message}`)
  }
  return lines
}

function lintScript(entry) {
  const lines = assemble(entry)
  let tree
  try {
    tree = luaparse.parse(lines.map((line) => line.text).join('\n'), { luaVersion: '5.1', locations: true })
  } catch (error) {
    problems.add(`${lines[(error.line ?? 1) - 1]?.place}: ${error.message}`)
    return
  }
  const walker = { entry, lines, scopes: [new Map()], functions: [] }
  walkBlock(tree.body, walker)
  closeScope(walker)
}

function report(node, walker, message) {
  problems.add(`${walker.lines[node.loc.start.line - 1]?.place}: ${message}`)
}

function declare(identifier, walker) {
  const { name } = identifier
  if (name === '_' || name === 'self') return
  const scope = walker.scopes.at(-1)
  if (scope.has(name)) report(identifier, walker, `'${name}' is declared twice in one scope`)
  else if (walker.scopes.some((outer) => outer.has(name))) report(identifier, walker, `'${name}' hides an outer local`)
  if (GLOBALS.has(name)) report(identifier, walker, `'${name}' hides a global`)
  scope.set(name, { identifier, used: false })
}

function closeScope(walker) {
  for (const [name, { identifier, used }] of walker.scopes.pop()) {
    const line = walker.lines[identifier.loc.start.line - 1]
    if (line.shared) {
      // a shared helper may be idle in one script as long as another uses it
      if (used) usedTopLevel.add(line.place)
      else unusedTopLevel.set(line.place, name)
    } else if (!used) report(identifier, walker, `'${name}' is declared but never used`)
  }
}

function use(identifier, walker) {
  const depth = walker.scopes.findLastIndex((each) => each.has(identifier.name))
  for (const each of walker.functions) if (depth >= 0 && depth < each.depth) each.outer.add(identifier.name)
  if (depth >= 0) noteUse(walker.scopes[depth].get(identifier.name), identifier, walker)
  else if (!GLOBALS.has(identifier.name))
    report(identifier, walker, `'${identifier.name}' is not known in ${walker.entry}`)
}

function fileOf({ place }) {
  return place.split(':')[0]
}

function noteUse(declared, identifier, walker) {
  declared.used = true
  const [file, user] = [declared.identifier, identifier].map(({ loc }) => fileOf(walker.lines[loc.start.line - 1]))
  // a command is one function, which the script asks for
  if (file !== user && !walker.entry.includes(relative(folder, file)) && !file.includes('commands')) {
    usedElsewhere.add(`${file} ${identifier.name}`)
  }
}

function assign(target, walker) {
  if (target.type !== 'Identifier') walk(target, walker)
  else if (!walker.scopes.some((scope) => scope.has(target.name))) {
    report(target, walker, `'${target.name}' would be written as a global`)
  }
}

function inScope(names, body, walker) {
  walker.scopes.push(new Map())
  for (const name of names) if (name.type === 'Identifier') declare(name, walker)
  walkBlock(body, walker)
  closeScope(walker)
}

function walkBlock(statements, walker) {
  for (const statement of statements) walk(statement, walker)
}

function walkFunction(node, walker) {
  if (node.identifier?.type === 'Identifier') {
    if (node.isLocal) declare(node.identifier, walker)
    else assign(node.identifier, walker)
  } else if (node.identifier) walk(node.identifier, walker)
  // what a function includes is of other files
  const own = walker.lines.slice(node.loc.start.line - 1, node.loc.end.line)
  const length = own.filter((line) => fileOf(line) === fileOf(own[0])).length
  if (length > MAX_LINES) report(node, walker, `the function has ${length} lines, at most ${MAX_LINES} are allowed`)
  if (node.parameters.length > MAX_PARAMETERS) {
    report(node, walker, `the function has ${node.parameters.length} parameters, at most ${MAX_PARAMETERS} are allowed`)
  }
  walker.functions.push({ depth: walker.scopes.length, outer: new Set() })
  inScope(node.parameters, node.body, walker)
  const { outer } = walker.functions.pop()
  if (outer.size > MAX_OUTER) {
    report(node, walker, `the function uses ${outer.size} locals from around it, at most ${MAX_OUTER} are possible`)
  }
}

function walkLocal(node, walker) {
  walkBlock(node.init, walker)
  for (const variable of node.variables) declare(variable, walker)
}

function walkAssignment(node, walker) {
  walkBlock(node.init, walker)
  for (const variable of node.variables) assign(variable, walker)
}

function walkRepeat(node, walker) {
  // the condition of `repeat ... until` sees the locals of the body
  inScope([], [...node.body, node.condition], walker)
}

function walkNumericFor(node, walker) {
  for (const part of [node.start, node.end, node.step]) if (part) walk(part, walker)
  inScope([node.variable], node.body, walker)
}

function walkGenericFor(node, walker) {
  walkBlock(node.iterators, walker)
  inScope(node.variables, node.body, walker)
}

function walkWithBody(node, walker) {
  if (node.condition) walk(node.condition, walker)
  inScope([], node.body, walker)
}

function walk(node, walker) {
  const visit = VISITS[node.type]
  if (visit) visit(node, walker)
  else {
    for (const child of Object.values(node).flat()) if (child?.type) walk(child, walker)
  }
}
