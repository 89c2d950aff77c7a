// C105, C30, C32, C102: the head office at work. A table with faults is told line by line and mended; a price is heard on the telephone and
// taken back; a new dish, hours and a day off; an own recording is heard; a report's figure is the same on the page and in its files.
import { readFileSync } from 'node:fs'
import { tone } from '../kit/tones.mjs'
import { check, until } from '../kit/until.mjs'
import { csv, sheet } from '../kit/workbook.mjs'

const TONE = 1000

export default async function office(stage, step) {
  const person = await stage.person('manager', { size: [1280, 800] })
  await person.signIn('manager')
  const page = await person.open('/admin#files')
  const fetched = async (click) => {
    const [download] = await Promise.all([page.waitForEvent('download'), click()])
    return readFileSync(await download.path())
  }
  const editor = page.locator('[data-test="editor"]')
  const offered = async (number) => (await person.get('/api/catalogue')).dishes.find((dish) => dish.number === number)
  const branch = async (number) => (await person.get('/api/catalogue')).branches.find((one) => one.number === number)

  step('C105: a table with faults is told line by line, and nothing is stored')
  const bring = (name, text) => page.locator('[data-test="file"]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.isBuffer(text) ? text : Buffer.from(text) })
  await page.locator('[data-test="file"]').waitFor()
  check((await page.getByText('会员', { exact: true }).count()) === 0, 'members are for administrators only')
  await bring('dishes.csv', '菜号,价格(元),类别\n18,41,hot\n19,很贵,hot\n20,30,甜点\n')
  const findings = page.locator('[data-test="findings"] tbody tr')
  await findings.nth(1).waitFor()
  const told = await findings.allInnerTexts()
  check(told.length === 2 && /^3\s+价格\(元\)\s+写着「很贵」/.test(told[0]) && /^4\s+类别/.test(told[1]), `faults: ${JSON.stringify(told)}`)
  check((await page.locator('[data-test="store"]').count()) === 0 && (await offered(18)).price_fen === 3800, 'nothing is stored')

  step('C105: the export, mended and brought in; the diner hears the new price')
  const exported = (await fetched(() => page.getByRole('link', { name: '菜品 CSV' }).click())).toString('utf8')
  check(exported.startsWith('\ufeff菜号,') && /^18,宫保鸡丁,[^\r]*,38,/m.test(exported), exported.slice(0, 200))
  await bring('dishes.csv', exported)
  await page.getByText('没有变化。').waitFor()
  await bring('dishes.csv', exported.replace(/^(18,宫保鸡丁,[^\r]*?),38,/m, '$1,41,'))
  await page.locator('[data-test="changes"]').waitFor()
  check(/价格\(元\)：\s*38 → 41/.test(await page.locator('.findings').innerText()), await page.locator('.findings').innerText())
  await stage.shot(page, 'preview')
  await page.locator('[data-test="store"]').click()
  await until('the desk has the new price', async () => (await offered(18)).price_fen === 4100)
  const diner = stage.diner('13611110001', { keys: '142' })
  const press = async (of, keys) => {
    // Nodes that commit are deaf for their first moment.
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    of.press(keys)
  }
  await diner.hearsPrompt('info.price_ask', 60_000)
  await press(diner, '18#')
  await diner.hearsPrompt('info.item', 30_000)
  await until('the diner hears 41 yuan', () => diner.lines.some((line) => /宫保鸡丁/.test(line.text) && /四十一元|41/.test(line.text))).catch((error) => {
    throw new Error(`${error.message}; heard ${JSON.stringify(diner.lines.slice(-3))}`)
  })
  diner.hangUp()

  step('the history beside the dish takes it back; a new dish is on the menu')
  await page.locator('[data-section="dishes"]').click()
  await page.locator('[data-row="18"]').click()
  await editor.locator('[data-test="past"]').getByText('¥38.00 → ¥41.00').waitFor()
  await editor.locator('[data-test="undo"]').click()
  await until('the old price is back', async () => (await offered(18)).price_fen === 3800)
  await page.locator('[data-test="new"]').click()
  for (const [label, text] of [['编号', '910'], ['中文名', '蟹粉豆腐'], ['英文名', 'Crab tofu'], ['价格（元）', '58']]) await editor.getByLabel(label, { exact: true }).fill(text)
  await editor.locator('[data-test="save"]').click()
  await until('the new dish can be ordered by its initials', async () => (await offered(910))?.pinyin === 'xfdf')

  step('C30: hours by weekday and a day off hold at once')
  await page.locator('[data-section="branches"]').click()
  await page.locator('[data-row="3"]').click()
  const days = editor.locator('[data-field="week"] input')
  const past = editor.locator('[data-test="past"] li')
  const open = async (hours, times) => {
    for (let day = 0; day < 7; day++) await days.nth(day).fill(hours)
    await editor.locator('[data-test="save"]').click()
    await until('the change is in the history beside it', async () => (await past.count()) === times)
  }
  await open('', 1)
  await until('branch 3 is closed on every day', async () => (await branch(3)).open === false)
  await open('00:00-12:00, 12:00-24:00', 2)
  await until('branch 3 is open round the clock', async () => (await branch(3)).open === true)
  await days.first().fill('10-14')
  await editor.locator('[data-test="save"]').click()
  await editor.getByText('请写成 10:00-14:00').waitFor()
  await days.first().fill('00:00-12:00, 12:00-24:00')
  await page.locator('[data-section="holidays"]').click()
  await page.locator('[data-test="new"]').click()
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date())
  await editor.getByLabel('从（2027-02-06）').fill(today)
  await editor.getByLabel('门店').selectOption('3')
  await editor.locator('[data-test="save"]').click()
  await until('branch 3 is closed', async () => (await branch(3)).open === false)
  page.once('dialog', (dialog) => dialog.accept())
  await page.locator(`[data-row="${today}:${today}:3"]`).click()
  await editor.locator('[data-test="remove"]').click()
  await until('branch 3 is open again', async () => (await branch(3)).open === true)

  step('C32: an own recording is heard by the next caller, and the shipped one comes back')
  await page.locator('[data-section="prompts"]').click()
  await page.locator('[data-test="search"]').fill('info.menu')
  await page.locator('[data-row="info.menu"]').click()
  const piece = page.locator('[data-piece="zh-CN/info.menu"]')
  await piece.locator('audio').waitFor()
  await piece.locator('input[type="file"]').setInputFiles({ name: 'menu.wav', mimeType: 'audio/wav', buffer: tone(TONE, { rate: 8_000, seconds: 3 }) })
  await page.locator('[data-piece="zh-CN/info.menu"][data-recording="own"]').waitFor({ timeout: 30_000 })
  await stage.shot(page, 'prompts')
  const listener = stage.diner('13611110002', { keys: '14' })
  await listener.hearsTone(TONE, 60_000)
  listener.hangUp()
  await piece.locator('[data-test="shipped"]').click()
  await page.locator('[data-piece="zh-CN/info.menu"][data-recording="shipped"]').waitFor({ timeout: 30_000 })

  step('C102: a report, another span, one day by the hour, and the same figure in its files')
  await page.goto('/reports?r=orders')
  await page.locator('[data-span="month"]').click()
  await page.locator('[data-test="total"]').waitFor()
  const shown = Number((await page.locator('[data-tile="placed"] strong').innerText()).replace(/,/g, ''))
  check(shown > 0, `orders of the month: ${shown}`)
  const lines = csv(await fetched(() => page.locator('[data-file="csv"]').click()))
  const cells = sheet(await fetched(() => page.locator('[data-file="xlsx"]').click()))
  const place = lines[0].indexOf((await person.get('/api/reports/orders')).columns.find((head) => head.key === 'placed').zh)
  check(Number(lines.at(-1)[place]) === shown && lines.at(-1)[0] === '合计', `CSV: ${JSON.stringify(lines.at(-1))}, the page says ${shown}`)
  check(cells.at(-1)[place] === shown, `XLSX: ${JSON.stringify(cells.at(-1))}, the page says ${shown}`)
  await page.locator('td .drill').first().click()
  await until('one day by the hour', () => /grain=hour/.test(page.url()))
  await page.locator('[data-test="report"]').waitFor()
  await stage.shot(page, 'report')
}
