// The agent's page as a person uses it: shift, state, the call's card.
import { stats } from './page.mjs'
import { until } from './until.mjs'

export const card = (page) => page.locator('section.call')

/** What the card shows: `none`, `ringing`, `talking`, `held`, `consulting`, `conference`, `wrap_up`. */
export const cardState = (page) =>
  page.evaluate(() => [...(document.querySelector('section.call')?.classList ?? [])].find((name) => name.startsWith('call-'))?.slice(5) ?? null)

export const inCard = (page, state, within = 10_000) =>
  until(`the card is ${state}`, async () => (await cardState(page)) === state, within).catch(async (error) => {
  throw new Error(`${error.message}; it is ${await cardState(page).catch(() => '?')}`)
})

/** The agent's state as the top of the page shows it. */
export const state = (page) =>
  page.evaluate(() => {
    const chip = document.querySelector('header .pill.state .state-chip')
    return chip ? [...chip.classList].find((name) => name.startsWith('is-'))?.slice(3) : 'offline'
  })

export const inState = (page, wanted, within = 15_000) =>
  until(`the agent is ${wanted}`, async () => (await state(page)) === wanted, within).catch(async (error) => {
    throw new Error(`${error.message}; the agent is ${await state(page).catch(() => '?')}`)
  })

/** Starts the shift by keyboard, with the browser's own softphone. */
export async function startShift(page) {
  await page.getByRole('banner').getByRole('button', { name: '开始上班' }).press('Enter')
  const go = page.getByRole('dialog').getByRole('button', { name: '上班，开始接听' })
  await until('the shift may begin', () => go.isEnabled())
  await go.press('Enter')
  await inState(page, 'available')
  await until('sound is connected', async () => (await stats(page))?.state === 'connected')
}

/** By the letter's place, as people press it. */
export const alt = (page, letter) => page.keyboard.press(`Alt+Key${letter}`)

/** Chooses the state with this place in the menu (1 is available). */
export async function choose(page, place) {
  const menu = page.getByRole('menu', { name: /状态|State/ })
  // Twice within 300 ms counts once: pressed again when it was too soon.
  await until('the menu of states is open', async () => {
    if (await menu.isVisible()) return true
    await alt(page, 'S')
    return menu.isVisible()
  }, 3_000, 320)
  await page.keyboard.press(`Digit${place}`)
}

/** Sums the call up and is ready again. */
export async function wrapUp(page, key = '4') {
  await inCard(page, 'wrap_up')
  await page.locator('section.call [role="radio"]').nth(Number(key) - 1).click()
  await page.keyboard.press('Control+Enter')
  await inCard(page, 'none')
}
