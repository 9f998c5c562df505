import type { StackFile } from '../stack/stack.ts'

const WITHIN_MS = 10_000
const ATTEMPTS = 5

interface Question {
  readonly path: string
  readonly token: string
  readonly key: string
  readonly body: object
}

/** One POST of a storefront user, repeated with the same key until its outcome is known. @throws Error unless it is 201 */
export async function ask(file: StackFile, { path, token, key, body }: Question): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(new URL(path, file.publicUrl), {
      method: 'POST',
      signal: AbortSignal.timeout(WITHIN_MS),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body)
    })
    const text = await response.text()
    if (response.status === 201) return JSON.parse(text)
    const mayCome = response.status === 202 || response.status === 429 || response.status === 503
    if (!mayCome || attempt === ATTEMPTS) throw new Error(`POST ${path} was answered with ${response.status} ${text}`)
  }
}

/** Does the work for 0, 1, ... count - 1, so many at once. @throws what the first that fails throws */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (number: number) => Promise<void>
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
