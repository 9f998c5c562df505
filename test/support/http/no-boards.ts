import { UnavailableError } from '../../../src/base/errors.ts'
import type { BoardReader } from '../../../src/gate/boards/board-reader.ts'

const away = () => Promise.reject(new UnavailableError('Redis did not answer'))

/** Ranks of leaderboards where Redis is away. */
export const noBoards: BoardReader = { top: away, around: away, close: () => {} }
