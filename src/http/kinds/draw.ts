import { UnavailableError } from '../../base/errors.ts'
import type { Draw } from '../../campaign/kinds/draw/rules.ts'
import { drawRandom } from '../../record/draw-random.ts'
import { fixedHash } from '../wire/idempotency.ts'
import { EmptyBody } from '../wire/schemas.ts'
import { drawPage } from './draw/page.ts'
import { spin } from './draw/spin.ts'
import { drawStanding } from './draw/standing.ts'
import type { HttpKind, Participation } from './kind.ts'
import { participateCommand } from './parts/command.ts'

const participation: Participation<Draw, typeof EmptyBody> = {
  url: '/v1/campaigns/:campaign/draws/:draw/spins',
  param: 'draw',
  tag: 'draws',
  operationId: 'spin',
  summary: 'Draw once',
  body: EmptyBody,
  example: {},
  // without the seed the gate cannot draw a fair number
  command(wish) {
    const { user, key, found } = wish
    const { campaign, activity: draw } = found
    const seed = campaign.seeds.get(draw.id)?.seed
    if (seed === undefined) throw new UnavailableError('The seed of this draw is not known yet.')
    const hash = fixedHash(`/v1/campaigns/${campaign.id}/draws/${draw.id}/spins`)
    const random = drawRandom(seed, { campaign: campaign.id, draw: draw.id, user, key })
    return participateCommand(wish, { hash, random })
  }
}

export const draw: HttpKind<Draw> = {
  actions: [{ participation, decided: spin }],
  page: drawPage,
  standing: drawStanding
}
