// The listeners of activities, one line for each kind that has some; ../listeners.ts makes the registry of them.
export { board } from './board/listener.ts'
export { invite } from './invite.ts'
export { task } from './task.ts'
