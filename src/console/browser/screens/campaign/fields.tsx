type Value = Readonly<Record<string, unknown>>

const FIELDS = [
  ['id', 'Id', 'lower-case letters, digits and hyphens; it stands in addresses'],
  ['title', 'Title', 'what users read'],
  ['timezone', 'Time zone', 'such as Asia/Shanghai: days begin by it'],
  ['opensAt', 'Opens', 'such as 2026-11-11T10:00:00+08:00'],
  ['closesAt', 'Closes', 'nothing is sold from then on']
] as const

interface Session {
  readonly id?: string
  readonly stock?: number
}

interface Activity {
  readonly id?: string
  readonly kind?: string
  readonly title?: unknown
  readonly price?: number
  readonly sessions?: readonly Session[]
}

const asText = (value: unknown): string => {
  if (typeof value === 'string') return value
  return value === undefined ? '' : JSON.stringify(value)
}

/** A number that a definition may hold, beside its name. */
function Amount({
  name,
  value,
  onChange
}: {
  name: string
  value: number | undefined
  onChange: (value: number) => void
}) {
  return (
    <label>
      {name}
      <input
        type="number"
        min={0}
        value={value ?? ''}
        onChange={(event) => onChange(Number(event.currentTarget.value))}
      />
    </label>
  )
}

function OneActivity({ activity, onChange }: { activity: Activity; onChange: (activity: Activity) => void }) {
  const { sessions = [] } = activity
  const withStock = (at: number, stock: number) =>
    onChange({
      ...activity,
      sessions: sessions.map((session, index) => (index === at ? { ...session, stock } : session))
    })
  return (
    <details>
      <summary>
        {activity.id ?? '?'} <span class="soft">{activity.kind}</span>
      </summary>
      {typeof activity.title !== 'object' && (
        <label>
          Title
          <input
            value={asText(activity.title)}
            onChange={(event) => onChange({ ...activity, title: event.currentTarget.value })}
          />
        </label>
      )}
      {activity.price !== undefined && (
        <Amount
          name="Price, in the smallest unit"
          value={activity.price}
          onChange={(price) => onChange({ ...activity, price })}
        />
      )}
      {sessions.map(({ id, stock }, index) => (
        <Amount key={id} name={`Stock of ${id}`} value={stock} onChange={(units) => withStock(index, units)} />
      ))}
    </details>
  )
}

/** What most people change of a definition, as a form; everything else stands in the JSON beside it. */
export function Fields({ value, onChange }: { value: Value | undefined; onChange: (value: Value) => void }) {
  if (value === undefined) return <p class="empty">The form is here again once the text is JSON.</p>
  const activities = Array.isArray(value.activities) ? (value.activities as Activity[]) : []
  const changed = (at: number, activity: Activity) =>
    onChange({ ...value, activities: activities.map((one, index) => (index === at ? activity : one)) })
  return (
    <div class="fields">
      {FIELDS.map(([name, label, hint]) =>
        typeof value[name] === 'object' ? (
          Object.entries(value[name] ?? {}).map(([language, text]) => (
            <label key={`${name} ${language}`}>
              {label} ({language})
              <input
                value={asText(text)}
                onChange={(event) =>
                  onChange({ ...value, [name]: { ...(value[name] as object), [language]: event.currentTarget.value } })
                }
              />
            </label>
          ))
        ) : (
          <label key={name}>
            {label}
            <input
              value={asText(value[name])}
              placeholder={hint}
              onChange={(event) => onChange({ ...value, [name]: event.currentTarget.value })}
            />
          </label>
        )
      )}
      <h2>Activities</h2>
      {activities.length === 0 && (
        <p class="empty">None yet. Write them in the JSON: docs/reference/definition.md lists the kinds.</p>
      )}
      {activities.map((activity, index) => (
        <OneActivity key={activity.id} activity={activity} onChange={(one) => changed(index, one)} />
      ))}
    </div>
  )
}
