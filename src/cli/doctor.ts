import type { Command } from 'commander'
import { connected } from './configuration.ts'

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at each part that Floodgate stands on and say what to do')
    .action(async () => {
      const { doctor } = await import('./run/doctor.ts')
      process.exitCode = await doctor(await connected())
    })
}
