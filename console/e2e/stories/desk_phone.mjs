// C10: an agent with a desk phone: the page shows the customer, the telephone rings and is picked up, and all else is the same.
import { DeskPhone } from '../kit/baresip.mjs'
import { alt, inCard, inState, wrapUp } from '../kit/desk.mjs'
import { HUM } from '../kit/diner.mjs'
import { check, until } from '../kit/until.mjs'

export default async function deskPhone(stage, step) {
  step('a telephone signs on with its password, and the agent starts the shift with it')
  const phone = await DeskPhone.start({ account: '8002', password: 'demo', sip: stage.sip, hz: 440 })
  stage.diners.push(phone)
  const wang = await stage.agent('8002', { voice: 440 })
  const { page } = wang
  await page.getByRole('banner').getByRole('button', { name: '开始上班' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('桌面话机').check()
  await dialog.getByLabel('话机账号').fill('8002')
  await dialog.getByRole('button', { name: '上班，开始接听' }).click()
  await inState(page, 'available')

  step('a diner presses 0: the page shows who it is while the telephone rings; picking up answers')
  const diner = stage.diner('13800138000', { keys: '0' })
  await inCard(page, 'ringing', 20_000)
  check(/102938/.test(await page.evaluate(() => document.body.innerText)), 'the customer is on the page before the answer')
  await until('the telephone rings', () => /Incoming call/i.test(phone.said), 10_000)
  phone.say('accept')
  await inCard(page, 'talking')
  await diner.hearsTone(440, 15_000)
  await until('the telephone plays the diner', () => {
    const sound = phone.heard()
    return sound && sound.hz === HUM && sound.over_db > 20 ? sound : null
  }, 15_000, 300).catch((error) => {
    throw new Error(`${error.message}; it said: ${phone.said.slice(-1500)}`)
  })

  step('hold from the page: music for the diner; and back')
  await alt(page, 'H')
  await inCard(page, 'held')
  await diner.hearsOther([440])
  await alt(page, 'H')
  await inCard(page, 'talking')
  await diner.hearsTone(440)

  step('putting the receiver down ends the call; wrap-up, ready')
  phone.say('hangup')
  check((await diner.ended()).ended === 'system', 'the house ended the call')
  await wrapUp(page)
  await inState(page, 'available')

  step('the caller goes while it rings: page and telephone are quiet again')
  const again = stage.diner('13800138000', { keys: '0' })
  await inCard(page, 'ringing', 20_000)
  again.hangUp()
  await inCard(page, 'none')
  await until('the telephone is quiet again', () => /(CANCEL|cancelled|terminated|closed|Request Terminated)/i.test(phone.said.slice(-600)), 5_000)
}
