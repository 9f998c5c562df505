import { join } from 'node:path'
import type { PartName } from '../../../src/stack/processes/programs.ts'
import type { Prepared, Row } from '../row.ts'
import type { Scene } from '../scene.ts'
import { type Lane, privateServer } from '../world/lane.ts'
import { mountSmallDisk, type SmallDisk } from '../world/small-disk.ts'

const disks = new WeakMap<Lane, SmallDisk>()

interface DiskSpec {
  readonly part: PartName
  readonly megabytes: number
  /** puts the data there that the server starts with */
  readonly fill?: (lane: Lane, folder: string) => Promise<void>
}

/** Prepares a row: one server of its own, whose data lie on a disk of a few megabytes. */
export function onSmallDisk({ part, megabytes, fill }: DiskSpec): NonNullable<Row['prepare']> {
  return async (lane, folder): Promise<Prepared> => {
    const disk = await mountSmallDisk(join(folder, 'disk'), megabytes)
    try {
      await fill?.(lane, disk.folder)
      const server = await privateServer(part, disk.folder)
      const own = lane.with(server)
      disks.set(own, disk)
      return {
        lane: own,
        end: async () => {
          disk.free()
          await server.stop(3000)
          await disk.unmount()
        }
      }
    } catch (error) {
      await disk.unmount()
      throw error
    }
  }
}

/** The disk that the row was prepared with. */
export function diskOf({ lane }: Scene): SmallDisk {
  const disk = disks.get(lane)
  if (disk === undefined) throw new Error('this lane has no small disk')
  return disk
}
