// C10: an agent with a desk phone: the page shows the customer, the telephone rings and is picked up, and all else is the same.
// Then a softphone of others in a browser (JsSIP) in its place.
import { DeskPhone } from '../kit/baresip.mjs'
import { alt, inCard, inState, wrapUp } from '../kit/desk.mjs'
import { HUM } from '../kit/diner.mjs'
import { Softphone } from '../kit/jssip.mjs'
import { hearsTone, playsSound } from '../kit/page.mjs'
import { check, until } from '../kit/until.mjs'

/** From a diner's first ring to the agent's, on a machine that has other things to do: 5 s when it has none. */
const BUSY = 40_000

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
  await inCard(page, 'ringing', BUSY)
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
  // What it says from now on: the last call's end has the same words.
  const before = phone.said.length
  const again = stage.diner('13800138000', { keys: '0' })
  await inCard(page, 'ringing', BUSY)
  // The card comes before the ring, and a caller may go between them: then nothing would ever be quiet again.
  await until('the telephone rings', () => /Incoming call/i.test(phone.said.slice(before)), 10_000)
  again.hangUp()
  await inCard(page, 'none')
  await until('the telephone is quiet again', () => /session closed/i.test(phone.said.slice(before)), 10_000).catch((error) => {
    throw new Error(`${error.message}; it said: ${phone.said.slice(before)}`)
  })

  step('a softphone in a browser that is not ours takes the telephone\'s place: JsSIP registers over a WebSocket')
  phone.say('quit')
  await inState(page, 'not_ready')
  const soft = await Softphone.start(stage, { account: '8002', password: 'demo', voice: 440 })
  await inState(page, 'available')

  step('it is rung as browsers expect it, answers without a word of ours to it, and both hear each other (DTLS-SRTP)')
  const third = stage.diner('13800138000', { keys: '0' })
  await inCard(page, 'ringing', BUSY)
  await soft.says(/session incoming/)
  await soft.answer()
  await soft.says(/^confirmed/)
  await inCard(page, 'talking')
  await third.hearsTone(440, 15_000)
  await hearsTone(soft.page, HUM)

  step('its own hold key: music for the diner; and back')
  await soft.hold()
  await inCard(page, 'held')
  await third.hearsOther([440])
  await soft.unhold()
  await inCard(page, 'talking')
  await third.hearsTone(440)
  await hearsTone(soft.page, HUM)
  await soft.hangUp()
  check((await third.ended()).ended === 'system', 'the house ended the call')
  await wrapUp(page)
  await inState(page, 'available')

  step('a caller who gives up is quiet there, too; and it rings the hotline itself, hears the menu and presses a key')
  const fourth = stage.diner('13800138000', { keys: '0' })
  await soft.says(/session incoming/, BUSY)
  fourth.hangUp()
  await soft.says(/^failed Canceled/)
  await soft.ring('1000')
  await soft.says(/^confirmed/)
  await playsSound(soft.page)
  await soft.press('4')
  await until('its key is heard', async () => (await stage.cli('calls', 'list', '--live', '--json')).some((call) => call.keys === 1))
  await soft.hangUp()
  const rang = await until('its call is on record with the key', async () => {
    const calls = await stage.cli('calls', 'list', '--json')
    return calls.find((call) => call.caller !== '13800138000' && call.ended_at)
  })
  check(rang.keys === 1 && rang.codec === 'PCMA' && rang.one_way === false, `its key and its sound came: ${JSON.stringify(rang)}`)
  await soft.signOff()
  await inState(page, 'not_ready')
}
