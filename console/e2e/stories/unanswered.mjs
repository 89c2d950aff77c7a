// C52, C63, C67: a ring that nobody takes, twice; and a sign-out from elsewhere in the middle of a call.
import { alt, card, choose, inCard, inState, startShift, wrapUp } from '../kit/desk.mjs'
import { HUM } from '../kit/diner.mjs'
import { hearsTone } from '../kit/page.mjs'
import { check, until } from '../kit/until.mjs'

const GOLD = '13800138000'
/** A ring lasts 20 s, on a machine that has other things to do. */
const RING = 40_000

export default async function unanswered(stage, step) {
  const li = await stage.agent('8001', { voice: 440 })
  const { page } = li
  await startShift(page)

  step('nobody takes the ring: the agent is not responding, sees why, and comes back by one click')
  const diner = stage.diner(GOLD, { keys: '0', stay: 280 })
  await inCard(page, 'ringing', RING)
  await inState(page, 'not_responding', RING)
  await inCard(page, 'none')
  await until('the page says so', () => page.getByText('您没有接听上一通来电').isVisible())
  await page.getByRole('button', { name: '回到空闲' }).click()

  step('the same caller, who has kept the place, rings again; a second time nobody takes it: a break by itself, with its reason')
  await inCard(page, 'ringing', RING)
  await inState(page, 'break', RING)
  await until('the page says why', () => page.getByText(/连续两次没有接听/).isVisible())
  check((await li.get('/api/missed')).length === 0, 'who still waits is not missed')

  step('back from the menu of states: the caller is there, and both hear each other')
  await choose(page, 1)
  await inCard(page, 'ringing', RING)
  await alt(page, 'A')
  await inCard(page, 'talking')
  await Promise.all([diner.hearsTone(li.voice, 15_000), hearsTone(page, HUM, 15_000)])

  step('an administrator ends the session in the middle of the call: the page says why, the caller hears music')
  const boss = await stage.person('administrator')
  await boss.signIn('admin')
  const mine = (await boss.get('/api/users')).find((one) => one.login === '8001')
  const reset = await boss.context.request.post(`/api/users/${mine.id}/reset`, { data: {}, headers: { origin: stage.web } })
  check(reset.ok(), `the password is reset: ${reset.status()}`)
  const { password } = await reset.json()
  await until('the page is signed out', () => new URL(page.url()).pathname === '/')
  await until('and says why', () => page.getByText('您的登录已被结束').isVisible())
  await diner.hearsOther([li.voice])

  step('the agent does not come back in time: another one has the caller, with the card')
  const wang = await stage.agent('8002', { voice: 520 })
  await startShift(wang.page)
  await inCard(wang.page, 'ringing', RING)
  check(/102938/.test(await card(wang.page).evaluate((it) => it.ownerDocument.body.innerText)), 'the customer is on the page before the answer')
  await alt(wang.page, 'A')
  await Promise.all([diner.hearsTone(wang.voice, 15_000), hearsTone(wang.page, HUM, 15_000)])
  diner.hangUp()
  await wrapUp(wang.page)

  step('with the new password the agent must choose an own one before anything else')
  const answer = await li.context.request.post('/api/session', { data: { user: '8001', password }, headers: { origin: stage.web } })
  check((await answer.json()).must_change_password === true, 'it is to be changed')
  const refused = await li.context.request.get('/api/missed')
  check(refused.status() === 403 && (await refused.json()).type.endsWith('change-password'), 'and until then nothing else is open')
}
