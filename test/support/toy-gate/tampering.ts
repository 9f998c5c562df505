type Fields = Record<string, unknown>

/** Every way to change one field of a decision: each value of it by one step, or left out, or one more. */
export function tamperings(line: Fields): Array<{ what: string; text: string }> {
  const found: Array<{ what: string; text: string }> = []
  const tampered = (what: string, change: (copy: Fields) => void) => {
    const copy = structuredClone(line)
    change(copy)
    found.push({ what, text: JSON.stringify(copy) })
  }
  const stepped = (value: unknown) => (typeof value === 'number' ? value + 1 : step(String(value)))
  for (const [field, value] of Object.entries(line)) {
    if (field === 'request') continue
    if (typeof value === 'number' || field === 'at') {
      const other = field === 'at' ? new Date(Date.parse(String(value)) + 86_400_000).toISOString() : stepped(value)
      tampered(`${field} stepped`, (copy) => Object.assign(copy, { [field]: other }))
    } else if (typeof value === 'string') {
      for (const text of textsNear(value))
        tampered(`${field} ${text}`, (copy) => Object.assign(copy, { [field]: text }))
    } else {
      for (const [scope, fields] of Object.entries(value as Record<string, Fields>)) {
        tampered(`${field} ${scope} gone`, (copy) => delete (copy[field] as Fields)[scope])
        for (const [name, inner] of Object.entries(fields)) {
          const within = (copy: Fields) => (copy[field] as Record<string, Fields>)[scope] as Fields
          tampered(`${field} ${scope} ${name} stepped`, (copy) =>
            Object.assign(within(copy), { [name]: stepped(inner) })
          )
          tampered(`${field} ${scope} ${name} gone`, (copy) => delete within(copy)[name])
          tampered(`${field} ${scope} one more`, (copy) => Object.assign(within(copy), { other: inner }))
        }
      }
    }
  }
  return found
}

/** The first character that can be stepped, stepped. */
function step(text: string): string {
  return text.replace(/[0-8a-y]/, (found) => String.fromCharCode(found.charCodeAt(0) + 1))
}

/** The text with one more character, and with each of its parts stepped. */
function textsNear(text: string): string[] {
  const parts = text.split(/([,;| ])/)
  const near = parts.map((part, at) => parts.with(at, step(part)).join(''))
  return [`${text}x`, text.slice(1), ...near].filter((other) => other !== text)
}

/** Whether two spins differ in the level alone, as far as their reports tell. */
export function differsInLevelOnly(before: string, after: string): boolean {
  const facts = (text: string) => String((JSON.parse(text) as Fields).report).split(/[,|]/)
  const [old, now] = [facts(before), facts(after)]
  return before !== after && now[6] !== old[6] && now.every((fact, at) => at === 6 || fact === old[at])
}
