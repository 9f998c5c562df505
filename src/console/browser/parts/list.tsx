import type { ComponentChildren } from 'preact'

/** A condition of a list, which stands in the address. */
interface Filter {
  readonly name: string
  readonly label: string
  readonly options?: readonly string[]
}

interface Narrowed {
  /** the screen, such as `/orders` */
  readonly at: string
  readonly query: URLSearchParams
}

function Choice({ filter, value }: { filter: Filter; value: string }) {
  const { name, label, options } = filter
  if (options === undefined)
    return (
      <label>
        {label}
        <input name={name} defaultValue={value} />
      </label>
    )
  return (
    <label>
      {label}
      <select name={name} value={value} onChange={(event) => event.currentTarget.form?.requestSubmit()}>
        <option value="">all</option>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </label>
  )
}

/** The conditions of a list as a form; what is chosen goes to the address, so that the list can be sent to somebody. */
export function Filters({ at, query, filters }: Narrowed & { filters: readonly Filter[] }) {
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    const chosen = [...new FormData(event.currentTarget as HTMLFormElement)].filter(([, value]) => value !== '')
    location.hash = `${at}?${new URLSearchParams(chosen.map(([name, value]) => [name, String(value).trim()]))}`
  }
  return (
    <form class="filters" key={query.toString()} onSubmit={send}>
      {filters.map((filter) => (
        <Choice key={filter.name} filter={filter} value={query.get(filter.name) ?? ''} />
      ))}
      <button type="submit" class="quiet">
        Show
      </button>
    </form>
  )
}

/** Leads to what is older, and back to the newest. */
export function Older({ at, query, next }: Narrowed & { next: string | null }) {
  const withCursor = (cursor: string | null) => {
    const changed = new URLSearchParams(query)
    changed.delete('cursor')
    if (cursor !== null) changed.set('cursor', cursor)
    return `#${at}?${changed}`
  }
  return (
    <p class="row end">
      {query.has('cursor') && <a href={withCursor(null)}>newest</a>}
      {next !== null && <a href={withCursor(next)}>older</a>}
    </p>
  )
}

/** Where a list is asked for. @param names the conditions that the API takes */
export function listPath(path: string, query: URLSearchParams, names: readonly string[]): string {
  const asked = new URLSearchParams({ limit: '50' })
  for (const name of [...names, 'cursor']) {
    const value = query.get(name)
    if (value !== null) asked.set(name, value)
  }
  return `${path}?${asked}`
}

/** Rows under their heads; wide ones are scrolled in their place. @param figures the columns are numbers but the first */
export function Table({
  heads,
  figures = false,
  children
}: {
  heads: readonly string[]
  figures?: boolean
  children: ComponentChildren
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen has to be scrolled by keys too
    <div class="scroll" tabIndex={0}>
      <table class={figures ? undefined : 'text list'}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th scope="col" key={head}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

/** Names beside what they mean. */
export function Facts({ facts }: { facts: ReadonlyArray<readonly [string, ComponentChildren]> }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
