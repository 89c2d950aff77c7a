// What the README promises a newcomer, with its pictures: sign in, ring from the page, press 0, answer, order, wrap up, ring again.
import { alt, inCard, inState, startShift, wrapUp } from '../kit/desk.mjs'
import { hearsTone } from '../kit/page.mjs'
import { check, until } from '../kit/until.mjs'

const SIZE = [1280, 800]

export default async function walk(stage, step) {
  step('sign in as agent 8001')
  const li = await stage.person('agent', { voice: 440, size: SIZE })
  const desk = await li.open('/')
  await desk.getByLabel('工号或用户名').fill('8001')
  await desk.getByLabel('密码', { exact: true }).fill('demo')
  await stage.picture(desk, 'sign-in')
  await desk.keyboard.press('Enter')
  await desk.waitForURL('**/agent')
  await startShift(desk)

  step("open the diner's phone in another tab, and ring")
  const diner = await stage.person('diner', { voice: 700, size: SIZE })
  const phone = await diner.open('/phone')
  const phoneState = (wanted) => phone.locator(`[data-test="phone-state"][data-state="${wanted}"]`).waitFor({ timeout: 15_000 })
  await until('one may call', () => phone.locator('[data-test="phone-call"]').isEnabled())
  await phone.locator('[data-test="phone-call"]').click()
  await phoneState('talking')
  await until('the menu is heard', async () => {
    const sound = await phone.evaluate(() => window.dinetoneEars.sound())
    return sound && sound.level_db > -45
  })

  step('press 0; the customer is on the page')
  await phone.keyboard.press('0')
  await inCard(desk, 'ringing', 20_000)
  await stage.picture(phone, 'phone')
  await stage.picture(desk, 'ringing')

  step('answer, and talk')
  await alt(desk, 'A')
  await inCard(desk, 'talking')
  await Promise.all([hearsTone(desk, diner.voice, 15_000), hearsTone(phone, li.voice, 15_000)])

  step('take the order')
  await desk.keyboard.press('F2')
  for (const line of ['18*2', '61', '18!少辣']) {
    await desk.keyboard.type(line)
    await desk.keyboard.press('Enter')
  }
  await desk.getByRole('row').filter({ hasText: '扬州炒饭' }).waitFor()
  await until('the price is known', async () => /[1-9]/.test(await desk.locator('.pay b:not(.old)').innerText()))
  await stage.picture(desk, 'order')
  await desk.keyboard.press('F9')
  const submit = desk.getByRole('dialog').getByRole('button', { name: /提交订单/ })
  await until('it may be submitted', () => submit.isEnabled())
  await stage.picture(desk, 'read-out')
  await submit.press('Enter')
  await until('the order has a number', async () => /订单 #\S+ 已提交/.test(await desk.evaluate(() => document.body.innerText)))

  step('hang up, wrap up')
  await phone.keyboard.press('Escape')
  await phoneState('ended')
  await inCard(desk, 'wrap_up')
  await stage.picture(desk, 'wrap-up')
  await desk.keyboard.press('Control+Enter')
  await inState(desk, 'available')

  step('ring again: the same agent, though another is free')
  const wang = await stage.agent('8002', { voice: 520, size: SIZE })
  await startShift(wang.page)
  await phone.locator('[data-test="phone-call"]').click()
  await phoneState('talking')
  await phone.keyboard.press('0')
  await inCard(desk, 'ringing', 20_000)
  const shown = await desk.evaluate(() => document.body.innerText)
  check(/102938/.test(shown), 'the customer is known')
  await alt(desk, 'A')
  await inCard(desk, 'talking')

  step('the floor and the wall see it')
  const boss = await stage.person('supervisor', { size: SIZE })
  await boss.signIn('supervisor')
  const floor = await boss.open('/floor')
  await floor.locator('tr[data-agent="8001"][data-state="on_call"]').waitFor()
  await stage.picture(floor, 'floor')
  const wall = await boss.open('/wall')
  await wall.setViewportSize({ width: 1920, height: 1080 })
  await wall.locator('[data-agent="8001"]').waitFor()
  await stage.picture(wall, 'wall')
  await alt(desk, 'X')
  await phoneState('ended')
  await wrapUp(desk)
}
