import type { RedisCaller } from './caller.ts'

/** A script that returns and writes nothing; Redis still refuses it when it would refuse a script that writes. */
const MAY_WRITE = "#!lua\nreturn 'OK'"

/** Checks whether Redis would take the writes of a script. @throws RedisCallError when it does not answer or would refuse */
export async function askForWrites(caller: RedisCaller, deadlineMs: number): Promise<void> {
  await caller.call('EVAL', [MAY_WRITE, 0], deadlineMs)
}
