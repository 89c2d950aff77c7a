// C61: an order by keyboard while talking, in the store a moment later; and the whole page works without a mouse.
import { alt, inCard, inState, startShift } from '../kit/desk.mjs'
import { looksRight } from '../kit/page.mjs'
import { check, until } from '../kit/until.mjs'

export default async function order(stage, step) {
  const li = await stage.agent('8001')
  const { page } = li
  step('the page before the shift fits in both languages')
  await looksRight(page, { shot: (name) => stage.shot(page, `idle-${name}`) })
  await startShift(page)
  const before = await stage.cli('orders', 'list', '--json')

  step('a gold member rings')
  const diner = stage.diner('13800138000', { keys: '0' })
  await inCard(page, 'ringing', 20_000)
  await looksRight(page, { shot: (name) => stage.shot(page, `ringing-${name}`), sizes: [[1280, 800]] })
  await alt(page, 'A')
  await inCard(page, 'talking')

  step('too small an order with a discount and a fee: the longest totals fit in both languages')
  await page.keyboard.press('F2')
  await page.keyboard.type('18')
  await page.keyboard.press('Enter')
  await until('the price is known', async () => /[1-9]/.test(await page.locator('.pay b:not(.old)').innerText()))
  await looksRight(page, { shot: (name) => stage.shot(page, `small-${name}`), sizes: [[1280, 800]] })
  await page.keyboard.press('F2')
  await page.keyboard.type('18-')
  await page.keyboard.press('Enter')
  await until('the line is gone', async () => (await page.getByRole('row').filter({ hasText: '宫保鸡丁' }).count()) === 0)

  step('three lines by number, by pinyin and with a note; nothing but keys')
  const began = Date.now()
  await page.keyboard.press('F2')
  await page.keyboard.type('18*2')
  await page.keyboard.press('Enter')
  await page.getByRole('row').filter({ hasText: '宫保鸡丁' }).waitFor()
  await page.keyboard.type('yzcf')
  await page.keyboard.press('Enter')
  await page.getByRole('row').filter({ hasText: '扬州炒饭' }).waitFor()
  await page.keyboard.type('18!少辣')
  await page.keyboard.press('Enter')
  await until('the note is on the line', async () => (await page.getByRole('row').filter({ hasText: '宫保鸡丁' }).locator('input.note').inputValue()) === '少辣')
  await until('the price is known', async () => /[1-9]/.test(await page.locator('.pay b:not(.old)').innerText()))
  await stage.shot(page, 'order')
  await page.keyboard.press('F9')
  await page.getByRole('dialog').waitFor()
  await until('it may be submitted', () => page.getByRole('dialog').getByRole('button', { name: /提交订单/ }).isEnabled())
  await looksRight(page, { languages: ['zh'], shot: (name) => stage.shot(page, `read-out-${name}`) })
  await page.getByRole('dialog').getByRole('button', { name: /提交订单/ }).press('Enter')
  const said = await until('the number is told', async () => /订单 #(\S+) 已提交/.exec(await page.evaluate(() => document.body.innerText))?.[1])
  step(`order ${said} after ${((Date.now() - began) / 1000).toFixed(1)} s`)

  step('it is in the store, once, with its lines')
  const kept = await until('the order is kept', async () => {
    const all = await stage.cli('orders', 'list', '--json')
    return all.length > before.length ? all : null
  })
  check(kept.length === before.length + 1, `one order more: ${kept.length - before.length}`)
  check(JSON.stringify(kept).includes(said), 'with the number that the agent was told')

  step('the hang-up proposes what happened, and the words fit in both languages')
  diner.hangUp()
  await inCard(page, 'wrap_up')
  await looksRight(page, { shot: (name) => stage.shot(page, `wrap-up-${name}`), sizes: [[1280, 800]] })
  await page.keyboard.press('Control+Enter')
  await inState(page, 'available')
}
