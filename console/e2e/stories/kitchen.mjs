// C76–C85: an order that is keyed on the telephone rings at its branch, is seen at headquarters, cooked, handed over, delivered; and the
// diner rings again and hears it.
import { until } from '../kit/until.mjs'

const SIZE = [1280, 800]

export default async function kitchen(stage, step) {
  step('headquarters and the branch open their boards')
  const office = await stage.person('dispatcher', { size: SIZE })
  await office.signIn('dispatcher')
  const board = await office.open('/dispatch')
  await board.locator('[data-test="online"]').waitFor()
  const shop = await stage.person('branch', { size: SIZE })
  await shop.signIn('branch1')
  const tablet = await shop.open('/branch')
  await tablet.locator('[data-test="online"][data-online="true"]').waitFor()
  const before = new Set(await tablet.locator('[data-order]').evaluateAll((all) => all.map((one) => one.dataset.order)))

  step('a diner keys an order')
  // Keyed ahead by somebody who knows the way: order, that member, the same as last time.
  const diner = stage.diner('13800138000', { keys: '111' })
  const press = async (keys) => {
    // Nodes that commit are deaf for their first moment.
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    diner.press(keys)
  }
  await diner.hearsPrompt('order.sum_keys', 60_000)
  await press('#')
  // Delivery, to the saved address, as soon as possible, on this number.
  await press('111#')
  await diner.hearsPrompt('final.confirm', 60_000)
  await press('#')
  await diner.hearsPrompt('final.done', 30_000)
  diner.hangUp()

  step('C81: it rings at the branch, and headquarters sees it')
  const tail = await until('a new card at the branch', async () => (await tablet.locator('[data-column="new"] [data-order][data-calling="true"]').evaluateAll((all) => all.map((one) => one.dataset.order))).find((one) => !before.has(one)))
  const card = tablet.locator(`[data-order="${tail}"]`)
  await board.locator(`[data-column="waiting"] [data-order="${tail}"]`).waitFor()
  await stage.picture(tablet, 'branch-ringing')
  await stage.picture(board, 'dispatch')
  await card.locator('h3').click()
  await until('the bell is silent', async () => (await card.getAttribute('data-calling')) === 'false')
  await card.locator('[data-step="accept-30"]').click()
  await tablet.locator(`[data-column="cooking"] [data-order="${tail}"]`).waitFor()
  await board.locator(`[data-column="cooking"] [data-order="${tail}"]`).waitFor()

  step('C84: cooked, handed to a rider, delivered by one tap')
  for (const wanted of ['cook', 'ready']) await card.locator(`[data-step="${wanted}"]`).click()
  await tablet.locator(`[data-column="leaving"] [data-order="${tail}"]`).waitFor()
  await card.locator('[data-step="hand_over"]').click()
  await tablet.getByRole('dialog').locator('[data-rider]').first().click()
  await until('it is on its way', async () => (await card.getAttribute('data-status')) === 'out')
  await board.locator(`[data-order="${tail}"][data-status="out"]`).waitFor()
  await card.locator('[data-step="deliver"]').click()
  await tablet.locator(`[data-recent="${tail}"]`).waitFor()
  await board.locator(`[data-column="over"] [data-order="${tail}"]`).click()
  const drawer = board.locator('[data-test="drawer"]')
  await until('its timeline tells all of it', async () => (await drawer.locator('.timeline li').count()) >= 6)
  await stage.picture(board, 'dispatch-order')

  step('C27: the diner rings again, asks for the order, and hears that it was delivered')
  const again = stage.diner('13800138000', { keys: '2' })
  await again.hearsPrompt('st.done', 60_000)
  again.hangUp()
}
