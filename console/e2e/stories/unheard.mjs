// C81, C82, C84, C85: the branch's page is closed. The server telephones the branch, a key accepts, headquarters sees it and steps in
// for the screen; the rider reports by telephone keys, the diner hears it, and the report counts it.
import { asksAfterOrder, committed, keysOrder } from '../kit/order.mjs'
import { until } from '../kit/until.mjs'

const RIDER = ['老周', '13500135001']

export default async function unheard(stage, step) {
  step('headquarters has its board open; nobody has that of the branch')
  const office = await stage.person('dispatcher', { size: [1280, 800] })
  await office.signIn('dispatcher')
  const board = await office.open('/dispatch')
  await board.locator('[data-test="online"]').waitFor()
  const before = new Set(await board.locator('[data-order]').evaluateAll((all) => all.map((one) => one.dataset.order)))

  step('a diner keys an order; headquarters sees that it waits')
  await keysOrder(stage)
  const tail = await until('a new card at headquarters', async () => (await board.locator('[data-column="waiting"] [data-order]').evaluateAll((all) => all.map((one) => one.dataset.order))).find((one) => !before.has(one)))
  const card = (column) => board.locator(`[data-column="${column}"] [data-order="${tail}"]`)

  step('C82: the clock runs out, the server telephones the branch and reads the order')
  const call = await until('the branch is called', async () => (await stage.cli('calls', 'list', '--live', '--json')).find((one) => one.trunk === 'outgoing'), 60_000, 500)
  await until('the order is read out', async () => JSON.stringify(await stage.cli('calls', 'show', call.id, '--json')).includes('br.hello'), 30_000, 500)

  step('key 1 accepts: headquarters sees it')
  // A key that is lost on a busy machine is pressed again.
  await until('the key accepts', async () => {
    await stage.server('phone 1')
    return (await card('cooking').count()) > 0
  }, 30_000, 1_000)

  step('headquarters takes the steps of a branch without a screen, and says who carries it')
  await card('cooking').click()
  const drawer = board.locator('[data-test="drawer"]')
  await drawer.locator('[data-deed="ready"]').click()
  await card('leaving').waitFor()
  await drawer.getByLabel('骑手').selectOption({ label: RIDER[0] })
  await drawer.locator('[data-deed="hand_over"]').click()
  await board.locator(`[data-order="${tail}"][data-status="out"]`).waitFor()
  await until('the timeline tells of the telephone', async () => /该给门店打电话了[^]*接单\s+电话按键/.test(await drawer.locator('.timeline').innerText()))
  await stage.picture(board, 'dispatch-stands-in')

  step('C85: the rider reports by telephone: four digits, the code, and both are right')
  const rider = stage.diner(RIDER[1], { to: '1001' })
  await rider.hearsPrompt('st.ask_no', 30_000)
  // Keyed ahead: who does this thirty times a day knows what is asked next.
  rider.press(`${tail}#00#`)
  await rider.hearsPrompt('rd.d00', 30_000)
  await committed(rider, '#')
  await rider.hearsPrompt('rd.done', 30_000)
  rider.hangUp()
  await card('over').waitFor()

  step('C27: the diner rings again and hears that it was delivered')
  await asksAfterOrder(stage, 'st.done')

  step('C104: the report of deliveries counts it')
  const report = await office.open('/reports?r=deliveries-by-rider')
  await report.getByRole('row').filter({ hasText: RIDER[0] }).waitFor()
  await stage.picture(report, 'report-deliveries')
}
