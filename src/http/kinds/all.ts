// One line for each kind; index.ts makes the registry of them.

export { assist } from './assist.ts'
export { board } from './board.ts'
export { discussion } from './discussion.ts'
export { draw } from './draw.ts'
export { game } from './game.ts'
export { invite } from './invite.ts'
export { redemption } from './redemption.ts'
export { reservation } from './reservation.ts'
export { sale } from './sale.ts'
export { share } from './share.ts'
export { survey } from './survey.ts'
export { task } from './task.ts'
