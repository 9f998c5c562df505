import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/config.ts'
import { migrate } from '../../src/store/connection/migrate.ts'
import { freshSchema, statementsOf, writeSchema, writtenSchemaVariable } from '../support/servers/fresh-schema.ts'
import { freshNamespace, sharedServers, temporaryFolder } from '../support/servers/servers.ts'

const { databaseUrl } = await sharedServers(t)
const aConfig = () => loadConfig({ DATABASE_URL: databaseUrl, NAMESPACE: freshNamespace() })
/** What differs: when each migration was applied. */
const dateless = (statements = '') => statements.replaceAll(/'\d{4}-\d\d-\d\d [\d:.]+\+00'/g, 'then')

t.test('a schema made from what was written down is the one that migrations make', async (t) => {
  const folder = temporaryFolder(t)
  const written = await writeSchema(databaseUrl, folder)
  if (written === undefined) return t.comment('this machine has no pg_dump')
  process.env[writtenSchemaVariable] = written
  const [migrated, made] = [aConfig(), aConfig()]
  await migrate(migrated)
  await freshSchema(made)
  const statements = await statementsOf(databaseUrl, made.NAMESPACE)
  t.equal(statements, readFileSync(join(folder, 'schema.sql'), 'utf8'), 'it is made from the file')
  t.equal(dateless(statements), dateless(await statementsOf(databaseUrl, migrated.NAMESPACE)))
  t.match(dateless(statements), /insert into \S+schemaversion values/i, 'with the rows that migrations make')
  t.strictSame(await migrate(made), [], 'it is up to date')
})

t.test('in another Postgres a schema is migrated', async (t) => {
  process.env[writtenSchemaVariable] = JSON.stringify({ databaseUrl: 'postgres://elsewhere/shop', file: '/nowhere' })
  const config = aConfig()
  await freshSchema(config)
  t.strictSame(await migrate(config), [], 'it is up to date')
})
