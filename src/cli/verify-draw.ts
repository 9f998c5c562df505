import type { Command } from 'commander'

export function addVerifyDraw(program: Command): void {
  program
    .command('verify-draw <files...>')
    .description('recompute every spin of a draw from an exported journal alone, one file for each shard')
    .requiredOption('--campaign <id>', 'the campaign')
    .requiredOption('--draw <id>', 'the draw')
    .option('--seed <hex>', 'the seed, where the file does not reveal it')
    .option('--commitment <hex>', 'the commitment as you noted it before the draw: the file must have the same')
    .option('--archive <file...>', 'archives of other campaigns whose decisions the file lacks')
    .option('--accept-missing', 'go on where the chain of numbers is broken by decisions that were never journaled')
    .addHelpText(
      'after',
      `
A file is what "floodgate export journal" wrote of a shard, without --mask and --from, or the archive of the campaign, packed or not;
- reads it from the standard input. It needs no server. Exit code 0: every spin is as it must be. 1: the first difference is told, or the draw cannot be verified from
this file. A line that was taken out, put in, moved or changed is a difference: the file ends with its count and SHA-256,
sequences rise by one, and each number mixes the previous one. What is checked, and which answers are accepted: src/verify/README.md.
`
    )
    .action(async (files: readonly string[], options) => {
      const { verifyCommand } = await import('./run/verify-draw.ts')
      process.exitCode = await verifyCommand(files, options)
    })
}
