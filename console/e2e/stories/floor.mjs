// C70, C71: a supervisor sees the floor within a second, listens, whispers and takes part with a shut microphone until asked.
import { alt, inCard, startShift, wrapUp } from '../kit/desk.mjs'
import { HUM } from '../kit/diner.mjs'
import { hearsTone, looksRight } from '../kit/page.mjs'
import { check, stays, until } from '../kit/until.mjs'

export default async function floor(stage, step) {
  const li = await stage.agent('8001', { voice: 440 })
  const boss = await stage.person('supervisor', { voice: 620 })
  await boss.signIn('supervisor')
  const page = await boss.open('/floor')
  const wall = await boss.open('/wall')
  await startShift(li.page)
  const row = page.locator('tr[data-agent="8001"]')
  await until('the agent is on the floor', async () => (await row.getAttribute('data-state')) === 'available')

  step('C70: what happens is on the floor and the wall within a second')
  const diner = stage.diner('13800138000', { keys: '0' })
  await inCard(li.page, 'ringing', 20_000)
  const rang = Date.now()
  await until('the floor shows the ring', async () => (await row.getAttribute('data-state')) === 'ringing', 2_000, 20)
  check(Date.now() - rang < 1_000, 'within a second')
  await until('the wall shows it, too', () => wall.locator('li.is-ringing[data-agent="8001"]').isVisible(), 2_000)
  await alt(li.page, 'A')
  await diner.hearsTone(li.voice, 15_000)
  await until('the floor shows the call', async () => (await row.getAttribute('data-state')) === 'on_call')
  check(/138\*+8000/.test(await row.innerText()), 'the caller is masked (C98)')

  step('C71: listening: both are heard, nobody hears the supervisor, and the agent is told')
  await row.locator('[data-deed="listen"]').click()
  await until('joined', async () => (await page.locator('[data-test="taking-part"]').getAttribute('data-joined')) === 'true', 20_000)
  check((await page.locator('[data-test="microphone"]').getAttribute('data-open')) === 'false', 'the microphone is shut')
  await until('the supervisor hears the call', async () => {
    const sound = await page.evaluate(() => window.dinetoneEars.sound())
    return sound && sound.level_db > -40 && [li.voice, HUM].some((hz) => Math.abs(sound.hz - hz) <= 10)
  })
  await stays('the diner hears the agent only', async () => diner.sounds.at(-1)?.hz !== boss.voice, 1_200)
  await looksRight(page, { shot: (name) => stage.shot(page, `listening-${name}`) })
  await page.locator('[data-test="stop"]').click()

  step('whispering: shut until asked; then the agent hears it, and the diner does not')
  const more = async (deed) => {
    await row.locator('[data-deed="more"]').click()
    await row.locator(`[role="menuitem"][data-deed="${deed}"]`).click()
  }
  await more('whisper')
  await until('joined', async () => (await page.locator('[data-test="taking-part"]').getAttribute('data-joined')) === 'true')
  check((await page.locator('[data-test="microphone"]').getAttribute('data-open')) === 'false', 'the microphone is shut')
  await hearsTone(li.page, HUM)
  await alt(page, 'M')
  await until('the agent hears the supervisor', async () => {
    const sound = await li.page.evaluate(() => window.dinetoneEars.sound())
    return sound && (sound.hz === boss.voice || sound.over_db < 15)
  })
  await diner.hearsTone(li.voice)
  await page.locator('[data-test="stop"]').click()

  step('barging in: everybody hears everybody')
  await more('barge')
  await until('joined', async () => (await page.locator('[data-test="taking-part"]').getAttribute('data-joined')) === 'true')
  await diner.hearsTone(li.voice)
  await alt(page, 'M')
  await until('the diner hears two voices', () => diner.sounds.slice(-3).every((sound) => !sound.none && sound.over_db < 15))
  await page.locator('[data-test="stop"]').click()
  await diner.hearsTone(li.voice)

  step('taking over: the diner talks to the supervisor, the agent wraps up')
  await more('take_over')
  await page.getByRole('dialog').locator('[data-test="force"]').press('Enter')
  await diner.hearsTone(boss.voice, 15_000)
  await hearsTone(page, HUM, 15_000)
  await wrapUp(li.page)
  await page.locator('[data-test="own-hang-up"]').click()
  await diner.ended()
  await page.locator('[data-test="wrap-up-save"]').click()

  step('a forced break, and a forced sign-out with its reason')
  await more('break')
  await page.getByRole('dialog').locator('[data-test="force"]').click()
  await until('the agent is on a break', async () => (await row.getAttribute('data-state')) === 'break')
  await more('sign-out')
  await page.getByRole('dialog').getByLabel('原因').fill('下班了')
  await page.keyboard.press('Enter')
  await until('the agent has left the floor', async () => (await row.count()) === 0)
}
