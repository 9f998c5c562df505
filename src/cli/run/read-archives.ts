import { createReadStream } from 'node:fs'
import { CommandError } from '../../base/errors.ts'
import { fileLines, readWhole } from '../../export/file-lines.ts'
import type { GivenArchive } from '../../export/merged.ts'

/**
 * Reads archives to their ends before anything is made of them, and says which they are.
 * @param namespace of the deployment; undefined where it does not matter
 * @throws CommandError for one that is not whole, or no archive of this deployment
 */
export async function readArchives(paths: readonly string[], namespace?: string): Promise<GivenArchive[]> {
  const archives: GivenArchive[] = []
  for (const path of paths) {
    const { header, sha256 } = await readWhole(fileLines(createReadStream(path), path), path)
    const isExport = header.exportedAt !== undefined
    if (isExport || (namespace !== undefined && header.namespace !== namespace)) {
      throw new CommandError(
        `${path} is ${isExport ? 'an export, not an archive' : `an archive of ${header.namespace}, not of ${namespace}`}.`,
        'Nothing was read from it.',
        'Give what floodgate archive wrote for this deployment.'
      )
    }
    archives.push({ path, campaign: header.campaign, sha256 })
    process.stderr.write(`${path} is whole: the archive of ${header.campaign}, sha256 ${sha256}\n`)
  }
  return archives
}
