// C99: a manager plans a campaign, looks at who is meant, says yes and starts it; the customer's telephone rings, 9 ends all campaigns for
// that number, and the evidence says so.
import { readFileSync } from 'node:fs'
import { check, until } from '../kit/until.mjs'

const NUMBER = '02164380001'

export default async function campaigns(stage, step) {
  step('a manager makes a campaign: a recording, and a list with one number that agreed and one that did not')
  const person = await stage.person('manager', { size: [1280, 900] })
  await person.signIn('manager')
  const page = await person.open('/campaigns')
  await page.locator('.office-bar nav a[aria-current]').getByText('外呼').waitFor()
  await page.locator('.office-bar nav').getByText('工单').waitFor()
  await page.locator('[data-test="new"]').click()
  const form = page.getByRole('dialog')
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  await form.locator('[data-test="name"]').fill('秋季新品')
  await form.locator('[data-test="prompt"]').fill('no.such.prompt')
  await form.locator('[data-test="from"]').fill(day(-2))
  await form.locator('[data-test="until"]').fill(day(2))
  await form.locator('[data-test="hours"]').fill('08:00-21:00')
  await form.locator('[data-test="whom"]').selectOption({ label: '导入号码' })
  await form.locator('[data-test="numbers"]').fill(`${NUMBER}，徐先生，门店登记表 2026-10\n13911112222，钱女士\nkeine Nummer`)
  await form.locator('[data-test="save"]').click()
  await form.getByText('这个编号没有本语言的录音').waitFor()
  check(await form.isVisible(), 'what is refused can be mended')
  await form.locator('[data-test="prompt"]').fill('q.cb_done')
  await form.locator('[data-test="save"]').click()
  await page.getByText('这些行不是号码：3').waitFor()

  step('the preview says who is left out and why; the yes is for this list')
  const campaign = page.locator('[data-test="campaign"]')
  await campaign.locator('[data-test="list"]').click()
  await campaign.getByText('没有同意：1').waitFor()
  const figure = async (what) => (await campaign.locator(`[data-figure="${what}"]`).count()) && Number(await campaign.locator(`[data-figure="${what}"]`).innerText())
  check((await figure('listed')) === 2 && (await figure('waiting')) === 1 && (await figure('out')) === 1, 'two meant, one left out')
  await stage.shot(page, 'preview')
  await campaign.locator('[data-test="approve"]').click()
  await until('it is approved', async () => (await campaign.locator('[data-test="status"]').innerText()).trim() === '已批准')
  await campaign.locator('[data-test="start"]').click()

  step('the telephone rings; 9 ends all campaigns for this number')
  const call = await until('the customer is called', async () => (await stage.cli('calls', 'list', '--live', '--json')).find((one) => one.trunk === 'campaign'), 30_000, 300)
  await until('the recording is played', async () => JSON.stringify(await stage.cli('calls', 'show', call.id, '--json')).includes('q.cb_done'), 20_000, 300)
  await until('the page says that they refused', async () => {
    await stage.server('phone 9')
    return (await figure('refused')) === 1
  }, 30_000, 1_000)
  await until('it is done', async () => (await campaign.locator('[data-test="status"]').innerText()).trim() === '已完成', 30_000)
  await stage.shot(page, 'done')
  await page.locator('[data-test="wish-phone"]').fill(NUMBER)
  await page.locator('[data-test="wish-find"]').click()
  await until('they are left alone', async () => /不再联系（电话按键/.test(await page.locator('[data-test="wish"]').innerText()))

  step('the evidence is a file with number, key and consent')
  const [download] = await Promise.all([page.waitForEvent('download'), campaign.locator('[data-test="csv"]').click()])
  const text = readFileSync(await download.path()).toString('utf8')
  check(text.includes(NUMBER) && text.includes('refused') && text.includes('门店登记表 2026-10') && text.includes(',9,'), text)

  step('the same page in English fits, and an agent has none')
  await page.getByRole('button', { name: 'English' }).click()
  await page.getByText('Customers are contacted').waitFor()
  await page.getByText('pressed 9').waitFor()
  const lina = await stage.person('agent')
  await lina.signIn('8001')
  await (await lina.open('/campaigns')).getByText('只有经理和管理员能安排外呼活动。').waitFor()
}
