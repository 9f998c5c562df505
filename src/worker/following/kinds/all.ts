// The listeners of activities, one line for each kind that has some; ../listeners.ts makes the registry of them.
export { assist } from './assist.ts'
export { board } from './board/listener.ts'
export { game } from './game.ts'
export { invite } from './invite.ts'
export { share } from './share.ts'
export { task } from './task.ts'
