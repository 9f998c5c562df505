import { tokensOf } from '../stack/tokens.ts'
import { askAgain } from './ask-again.ts'
import { blast } from './closed-loop.ts'
import { createLedger, type Ledger } from './ledger.ts'
import type { LoadReply, LoadRequest } from './messages.ts'
import { openBlast } from './open-blast.ts'

/**
 * The load generator, a process of its own so that its CPU time stands apart. It lives through all rounds: each
 * scenario meets the same warm code.
 */
let tokens: string[] = []
let current: { name: string; ledger: Ledger } = { name: '', ledger: createLedger('none') }

function ledgerOf(account: string): Ledger {
  if (current.name !== account) current = { name: account, ledger: createLedger(account) }
  return current.ledger
}

async function answer(request: LoadRequest): Promise<LoadReply> {
  switch (request.type) {
    case 'tokens':
      tokens = tokensOf(request)
      return { type: 'ready' }
    case 'load':
      return { type: 'loaded', result: await blast(request.job, tokens, ledgerOf(request.job.account)) }
    case 'open':
      return { type: 'opened', result: await openBlast(request.job, tokens, ledgerOf(request.job.account)) }
    case 'account': {
      const ledger = ledgerOf(request.job.account)
      const askedAgain = request.job.expectedStatus === 201 ? await askAgain(request.job, tokens, ledger) : 0
      return { type: 'accounted', account: ledger.close(askedAgain) }
    }
    default:
      return request satisfies never
  }
}

process.on('message', (request: LoadRequest) => {
  void answer(request)
    .catch((error: Error): LoadReply => ({ type: 'failed', message: error.message }))
    .then((reply) => process.send?.(reply))
})
process.on('disconnect', () => process.exit(0))
