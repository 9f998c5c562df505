import type { RedisCaller } from './caller.ts'

/** Says nothing and writes nothing; a Redis that would refuse a script that writes refuses it all the same. */
const MAY_WRITE = "#!lua\nreturn 'OK'"

/** Asks whether Redis would take what a script writes. @throws RedisCallError where it does not answer, or would refuse */
export async function askForWrites(caller: RedisCaller, deadlineMs: number): Promise<void> {
  await caller.call('EVAL', [MAY_WRITE, 0], deadlineMs)
}
