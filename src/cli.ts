#!/usr/bin/env node
import './config/require-node.ts'
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAdmin } from './cli/admin.ts'
import { addArchive } from './cli/archive.ts'
import { addBench } from './cli/bench.ts'
import { addBuy } from './cli/buy.ts'
import { addDoctor } from './cli/doctor.ts'
import { addExport } from './cli/export.ts'
import { failureText } from './cli/failure.ts'
import { addGateway } from './cli/gateway.ts'
import { addMigrate } from './cli/migrate.ts'
import { addOperator } from './cli/operator.ts'
import { addReconcile } from './cli/reconcile.ts'
import { addRecover } from './cli/recover.ts'
import { addReport } from './cli/report.ts'
import { addToken } from './cli/token.ts'
import { addUp } from './cli/up.ts'
import { addVerifyDraw } from './cli/verify-draw.ts'
import { addWorker } from './cli/worker.ts'

// In the order of --help. Each declares its options; what it runs is loaded when it runs.
const commands = [
  addUp,
  addGateway,
  addWorker,
  addMigrate,
  addToken,
  addBuy,
  addOperator,
  addAdmin,
  addRecover,
  addReconcile,
  addReport,
  addArchive,
  addExport,
  addVerifyDraw,
  addDoctor,
  addBench
]

function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}

const program = new Command('floodgate')
  .description('A flash-sale gateway: decides in one atomic step, journals before it confirms, and can prove it.')
  .version(packageVersion(), '-v, --version')
  .showHelpAfterError('(add --help for the options)')
  .configureHelp({ sortSubcommands: false })
for (const add of commands) add(program)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(failureText(error))
  process.exitCode = 1
  // servers or connections of the command that failed may still hold the event loop
  setTimeout(() => process.exit(1), 1000).unref()
}
