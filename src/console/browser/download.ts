import { Refused, token } from './api.ts'

/** Saves an answer of the admin API as a file. @throws Refused in the words of the API */
export async function save(path: string, name: string): Promise<void> {
  const headers = { authorization: `Bearer ${token.value}`, 'accept-language': navigator.language }
  const answer = await fetch(`/admin/v1${path}`, { headers })
  if (!answer.ok) throw new Refused(answer.status, (await answer.json()) as Record<string, unknown>)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await answer.blob())
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
