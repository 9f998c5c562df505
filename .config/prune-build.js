// Removes compiled files whose source is gone: tsc leaves them, and the test runner would still run them.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

for (const folder of ['src', 'test', 'bench']) {
  const compiled = join('build', folder)
  if (!existsSync(compiled)) continue
  for (const name of readdirSync(compiled, { recursive: true, encoding: 'utf8' })) {
    if (!/\.js(\.map)?$/.test(name)) continue
    const sources = ['.ts', '.tsx'].map((end) => join(folder, name.replace(/\.js(\.map)?$/, end)))
    if (!sources.some((source) => existsSync(source))) rmSync(join(compiled, name))
  }
}
