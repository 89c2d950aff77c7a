// A call from beginning to end: the customer is on the page before the answer, both hear each other, hold is silent, a reload
// keeps the call, and the next call comes back to the same agent.
import { alt, card, cardState, choose, inCard, inState, startShift, wrapUp } from '../kit/desk.mjs'
import { HUM } from '../kit/diner.mjs'
import { hearsSilence, hearsTone, playsSound, stats } from '../kit/page.mjs'
import { check, stays, until } from '../kit/until.mjs'

const GOLD = '13800138000'

export default async function call(stage, step) {
  step('two agents start their shifts; the second has been idle longer when it matters')
  const [li, wang] = await Promise.all([stage.agent('8001', { voice: 440 }), stage.agent('8002', { voice: 520 })])
  await startShift(li.page)

  step('a known diner rings and presses 0')
  const diner = stage.diner(GOLD, { keys: '0' })
  await inCard(li.page, 'ringing', 20_000)

  step('I9: the customer is on the page before the ring is answered')
  const ringing = await li.page.evaluate(() => document.body.innerText)
  check(/金卡/.test(ringing) && /138 0013 8000/.test(ringing), 'level and number are shown while it rings')
  check(/102938/.test(ringing), 'the member number is shown while it rings')
  check((await cardState(li.page)) === 'ringing', 'and it still rings')
  await stage.shot(li.page, 'ringing')

  step('Alt+A answers; both directions carry their tones')
  await alt(li.page, 'A')
  await inCard(li.page, 'talking')
  await Promise.all([diner.hearsTone(li.voice, 15_000), hearsTone(li.page, HUM, 15_000)])
  await playsSound(li.page)
  const heard = await stats(li.page)
  check(/PCMA|PCMU/.test(heard.codec), `no transcoding: ${heard.codec}`)
  check(heard.lost <= 2, `no packets lost: ${heard.lost}`)
  await stage.shot(li.page, 'talking')

  step('Alt+M: the diner hears silence, the agent still hears the diner')
  await alt(li.page, 'M')
  await diner.hearsSilence()
  await hearsTone(li.page, HUM)
  await alt(li.page, 'M')
  await diner.hearsTone(li.voice)

  step('Alt+H: music for the diner, silence for the agent; and back')
  await alt(li.page, 'H')
  await inCard(li.page, 'held')
  await Promise.all([hearsSilence(li.page), diner.hearsOther([li.voice])])
  await stage.shot(li.page, 'held')
  await alt(li.page, 'H')
  await inCard(li.page, 'talking')
  await Promise.all([diner.hearsTone(li.voice), hearsTone(li.page, HUM)])

  step('C63: a reload keeps the call, its card, and both voices')
  await li.page.reload()
  await inCard(li.page, 'talking', 15_000)
  await Promise.all([diner.hearsTone(li.voice, 20_000), hearsTone(li.page, HUM, 20_000)])
  check(/102938/.test(await li.page.evaluate(() => document.body.innerText)), 'the card is there again')
  check(diner.verdict === null, 'the diner was never cut off')

  step('the diner hangs up: wrap-up, then ready again')
  diner.hangUp()
  await diner.ended()
  await inCard(li.page, 'wrap_up')
  await stage.shot(li.page, 'wrap-up')
  await wrapUp(li.page)
  await inState(li.page, 'available')

  step('C39: another agent has been idle longer, and still the diner comes back to the one who knows them')
  await startShift(wang.page)
  // A break and back: the first agent is now the one who became idle last.
  await choose(li.page, 3)
  await inState(li.page, 'break')
  await choose(li.page, 1)
  await inState(li.page, 'available')
  const again = stage.diner(GOLD, { keys: '0' })
  await inCard(li.page, 'ringing', 20_000)
  await stays('the other agent is left in peace', async () => (await cardState(wang.page)) === 'none', 600)
  await alt(li.page, 'A')
  await again.hearsTone(li.voice, 15_000)

  step('Alt+X: the agent hangs up, and the diner is told so by the line')
  await alt(li.page, 'X')
  check((await again.ended()).ended === 'system', 'the call was ended by the house')
  await wrapUp(li.page)

  step('the store knows both calls')
  const calls = await until('both calls are kept', async () => {
    const kept = await stage.cli('calls', 'list', '--json')
    return kept.length >= 2 ? kept : null
  })
  check(calls.slice(0, 2).every((one) => one.ended_at), 'both are over')
  await card(li.page).waitFor()
}
