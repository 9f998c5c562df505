// One line for each kind; index.ts makes the registry of them.

export { assist } from './assist/index.ts'
export { board } from './board/index.ts'
export { discussion } from './discussion/index.ts'
export { draw } from './draw/index.ts'
export { game } from './game/index.ts'
export { invite } from './invite/index.ts'
export { redemption } from './redemption/index.ts'
export { reservation } from './reservation/index.ts'
export { sale } from './sale/index.ts'
export { share } from './share/index.ts'
export { survey } from './survey/index.ts'
export { task } from './task/index.ts'
