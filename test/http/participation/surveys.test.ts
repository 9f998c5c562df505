import { test } from 'tap'
import { aSurvey, rulesOf, withActivities } from '../../campaign/example-kinds.ts'
import { aCampaign, aCatalogue, bearer, publicApp } from '../../support/http/http-app.ts'

test('without Postgres no answer reaches the gate: it would stand without its text', async (t) => {
  const rules = rulesOf(withActivities([aSurvey()]))
  const { app, gate } = await publicApp(t, { catalogue: aCatalogue([{ ...aCampaign(), rules }]) })
  const ask = (answers: object) =>
    app.inject({
      method: 'POST',
      url: '/v1/campaigns/launch/surveys/how-was-it/answers',
      headers: { authorization: bearer('alice'), 'idempotency-key': 'alice-answers' },
      payload: { answers }
    })
  const away = await ask({ stars: 5 })
  t.equal(away.statusCode, 503)
  t.match(away.json(), { code: 'UNAVAILABLE', retryAfterMs: Number })
  const wrong = await ask({ stars: 9 })
  t.equal(wrong.statusCode, 400)
  t.match(wrong.json(), { code: 'VALIDATION', errors: [{ pointer: '/answers/stars' }] })
  t.same(gate.commands, [], 'the gate was not asked')
})
