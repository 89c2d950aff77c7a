// What the agent's page knows and does: live state, softphone, drafts, lists. Components read it and call its verbs.
import { computed, reactive, ref, watch } from 'vue'
import { api, freshKey, Problem, sentence, signedIn, signOut as endSession } from '@/shared/api'
import { now, skew, startClock } from '@/shared/clock'
import { applyFrame, currentCall, emptyFloor } from '@/shared/floor_state'
import { listed, setLanguage } from '@/shared/i18n'
import { Live } from '@/shared/live'
import { Softphone } from '@/shared/softphone'
import { attempt, say, whenToastFails } from '@/shared/toast'
import { errorNote } from '@/shared/sounds'
import type { Call, Catalogue, CustomerPage, Frame, Me, Missed, PastOrder, Placed, Pop, Quote } from '@/shared/wire'
import { copyOrder, type Draft, draftForCall, emptyDraft, isBlank, takeCustomer, toOrder } from './drafts'
import { preferences } from './preferences'
import { t } from './words'

export const me = ref<Me | null>(null)
export const catalogue = ref<Catalogue>({ version: '', currency: 'CNY', levels: [], categories: [], dishes: [], branches: [], offers: [] })
export const floor = reactive(emptyFloor())
export const drafts = reactive<Draft[]>([])
export const openKey = ref<string | null>(null)
export const missed = ref<Missed[]>([])
export const missedKnown = ref(false)
export const panel = ref<'' | 'transfer' | 'keypad'>('')
export const dialog = ref<'' | 'shift' | 'settings' | 'search' | 'customer' | 'block' | 'help' | 'read' | 'hangup' | 'override' | 'invoice'>('')
export const customerShown = ref<string | null>(null)
/** Whose invoice the dialogue is about. */
export const invoiceOf = ref<{ id: string; number: string; customer: string | null; phone: string; asked: boolean } | null>(null)
export const stateMenu = ref(false)
/** Wrap-up choices of the call that is being summed up. */
export const wrap = reactive({ call: 0, code: null as number | null, note: '', touched: false })

export const live = new Live({
  onFrame: heard,
  onOpen: () => {
    // The page's socket is new to the server: the media leg is offered again, the same call goes on.
    if (softphone.state.phase !== 'closed') void softphone.reoffer()
  },
})

export const softphone = new Softphone({
  keepUp: true,
  seat: 'agent',
  sendOffer: (sdp) => live.send('media.offer', { sdp }),
  sendCandidate: (candidate) => live.send('media.ice', { candidate }),
  devices: () => ({ microphone: preferences.microphone, speaker: preferences.speaker }),
})

export const call = computed(() => currentCall(floor))
/** The call that somebody speaks in (or is about to). */
export const talking = computed(() => (call.value && !['ringing', 'wrap_up'].includes(call.value.state) ? call.value : null))
export const ringing = computed(() => Object.values(floor.calls).find((one) => one.state === 'ringing') ?? null)
export const wrapping = computed(() => (call.value?.state === 'wrap_up' ? call.value : null))
export const state = computed(() => floor.me?.state ?? 'offline')
export const onShift = computed(() => state.value !== 'offline')
export const draft = computed(() => drafts.find((one) => one.key === openKey.value) ?? null)
export const parked = computed(() => drafts.filter((one) => one.key !== openKey.value))

/** The customer who is on the screen: of the call, else of the open draft. */
export const looked = reactive<Record<string, Pop>>({})
export const pop = computed<Pop | null>(() => {
  if (draft.value && draft.value.call !== call.value?.call && draft.value.customer) return looked[draft.value.customer] ?? null
  if (draft.value && draft.value.call !== call.value?.call && !ringing.value) return null
  return call.value?.pop ?? null
})

export const dishOf = (number: number) => catalogue.value.dishes.find((dish) => dish.number === number)
export const branchOf = (number: number | null) => catalogue.value.branches.find((branch) => branch.number === number)
export const levelOf = (id: string | null) => catalogue.value.levels.find((level) => level.id === id)

function heard(frame: Frame) {
  if (frame.type === 'media.answer') void softphone.answered(frame.sdp)
  applyFrame(floor, frame, Date.now(), me.value?.user ?? null)
  skew.value = floor.skew
  if (frame.type === 'taken_over') softphone.takenOver()
  if (frame.type === 'signed_out') {
    live.stop()
    softphone.close()
    location.assign(`/?why=${encodeURIComponent(frame.why)}`)
  }
  if (frame.type === 'snapshot') {
    // A reload in the shift: the voice comes back without a question.
    if (floor.me && floor.me.seat === 'browser' && state.value !== 'offline' && softphone.state.phase === 'closed' && !softphone.state.takenOver)
      void softphone.open()
  }
  if (frame.type === 'call.withdrawn' && !['rejected', 'left', 'watch_over'].includes(frame.why)) say(t.has(`withdrawn.${frame.why}`) ? t.code('withdrawn', frame.why) : t('withdrawn.no_answer'), 'info')
}

/** Everything is asked for at once; the page is drawn meanwhile. Resolves when calls can open their orders. */
export async function begin() {
  startClock()
  whenToastFails(errorNote)
  // Without a session the socket would be refused, which a browser calls an error of the page.
  const known = signedIn.kept()
  if (known) live.start()
  const who = api.get<Me>('/api/me')
  // An order of a call in progress needs its draft of before, and the dishes.
  const rest = Promise.all([loadDrafts(), loadCatalogue()])
  void loadMissed()
  try {
    me.value = await who
  } catch (error) {
    live.stop()
    throw error
  }
  if (!known) live.start()
  // What was told of us before we knew who we are.
  const seen = floor.agents[me.value.user]
  if (seen?.node === null) floor.me ??= seen
  await Promise.all([setLanguage(me.value.language === 'en' ? 'en' : 'zh'), rest])
  setInterval(() => {
    if (document.visibilityState === 'visible') void loadCatalogue()
  }, 60_000)
  setInterval(() => void loadMissed(), 20_000)
  setInterval(saveDrafts, 1_000)
  // An order of which nobody knows whether it arrived is asked after until it is known.
  setInterval(() => {
    if (draft.value?.uncertain && !submitting.value) void submit(true)
  }, 5_000)
  // A session that ended while the socket was away.
  watch(
    () => live.state.attempt,
    (attempt) => {
      if (attempt > 1) void api.get('/api/me').catch(() => {})
    },
  )
}

export async function loadCatalogue() {
  try {
    catalogue.value = await api.get<Catalogue>('/api/catalogue')
  } catch {
    // The one we have stays good enough; the server checks every order again.
  }
}

/** Lists come as an array, or inside an object of one list. */
export function listOf<T>(answer: unknown): T[] {
  if (Array.isArray(answer)) return answer as T[]
  const inside = Object.values((answer ?? {}) as object).find(Array.isArray)
  return (inside ?? []) as T[]
}

export async function loadMissed() {
  try {
    missed.value = listOf<Missed>(await api.get('/api/missed'))
    missedKnown.value = true
  } catch {
    // The next try is soon.
  }
}

// —— commands ——

export const send = (type: string, body: Record<string, unknown> = {}) => attempt(live.send(type, body))
const forCall = (type: string, of: Call | null, body: Record<string, unknown> = {}) => (of ? send(type, { call: of.call, ...body }) : Promise.resolve(false))

export const answer = () => forCall('call.answer', ringing.value)
export const reject = () => forCall('call.reject', ringing.value)
export const hangUp = () => forCall('call.hangup', talking.value)
export function toggleHold() {
  const of = talking.value
  return forCall(of?.state === 'held' ? 'call.unhold' : 'call.hold', of)
}
export async function toggleMute() {
  const of = talking.value
  if (!of) return
  const on = !muted.value
  softphone.mute(on)
  if (!(await forCall('call.mute', of, { on }))) softphone.mute(!on)
}
export const muted = computed(() => talking.value !== null && (talking.value.muted || softphone.state.muted))
export const keysTo = (keys: string) => forCall('call.dtmf', talking.value, { keys })
export const goTo = (to: string) => send('agent.state', { to })

/** Asks once when an order would be left unsaved. */
export function wantHangUp() {
  if (!talking.value) return
  if (draft.value && draft.value.call === talking.value.call && !draft.value.placed && draft.value.lines.length > 0) dialog.value = 'hangup'
  else void hangUp()
}

export async function saveWrapUp() {
  const of = wrapping.value
  if (!of) return
  if (wrap.code === null) return say(t('wrap.choose'), 'bad')
  await forCall('wrapup.save', of, { code: wrap.code, note: wrap.note.trim() })
}

/** Ends the shift. */
export async function endShift() {
  if (await send('shift.end')) softphone.close()
}

export async function signOut() {
  softphone.close()
  live.stop()
  await endSession()
  location.assign('/')
}

// —— drafts ——

const saved = new Map<string, string>()
const onServer = new Set<string>()

async function loadDrafts() {
  try {
    for (const kept of listOf<Record<string, unknown>>(await api.get('/api/drafts'))) {
      const body = (kept.draft ?? (kept.body as Record<string, unknown> | undefined)?.draft ?? kept.body ?? kept) as Partial<Draft>
      const key = String(kept.key ?? body.key ?? '')
      if (!key || drafts.some((one) => one.key === key)) continue
      const whole: Draft = { ...emptyDraft(key, freshKey()), ...body, key, placed: null }
      if (!Array.isArray(whole.lines)) continue
      drafts.push(whole)
      saved.set(key, JSON.stringify(whole))
      onServer.add(key)
    }
  } catch {
    // Drafts of before are not worth stopping for.
  }
}

export const titleOf = (one: Draft) => one.contact || one.phone || t('draft.untitled')

/** Every second: what changed goes to the server; what is blank or placed goes away there. */
function saveDrafts() {
  for (const one of drafts) {
    if (one.placed || isBlank(one)) continue
    const text = JSON.stringify(one)
    if (saved.get(one.key) === text || text.length > 15_000) continue
    saved.set(one.key, text)
    onServer.add(one.key)
    api.put(`/api/drafts/${one.key}`, { title: titleOf(one), draft: one }).catch(() => saved.delete(one.key))
  }
}

function forget(key: string) {
  const at = drafts.findIndex((one) => one.key === key)
  if (at >= 0) drafts.splice(at, 1)
  saved.delete(key)
  if (onServer.delete(key)) api.delete(`/api/drafts/${key}`).catch(() => {})
}

/** Shows this draft; the one before is parked as a tab, or goes if nobody would miss it. */
export function open(key: string | null) {
  const before = draft.value
  openKey.value = key
  if (before && before.key !== key && (before.placed || isBlank(before)) && before.call !== call.value?.call) forget(before.key)
}

export function closeDraft(key: string) {
  if (openKey.value === key) openKey.value = null
  forget(key)
}

export function change(part: Partial<Draft>) {
  const one = draft.value
  if (!one || one.placed || one.uncertain) return
  Object.assign(one, part)
}

export function newDraft(withPop: Pop | null = null, phone: string | null = null, ofCall: number | null = null) {
  const fresh = { ...emptyDraft(freshKey(), freshKey()), call: ofCall }
  const begun = withPop ? takeCustomer(fresh, withPop, phone) : { ...fresh, phone: phone ?? '' }
  if (withPop?.customer) looked[withPop.customer] = withPop
  drafts.push(begun)
  open(begun.key)
}

function sayMissing(numbers: number[]) {
  if (numbers.length > 0) say(t('order.left_out', { dishes: listed(numbers.map(String)) }), 'info')
}

/** The call was answered: its order opens, what was being written is parked. */
function openForCall(of: Call) {
  const had = drafts.find((one) => one.call === of.call)
  if (had) return open(had.key)
  const { draft: begun, missing } = draftForCall(of, catalogue.value.dishes, freshKey(), freshKey())
  drafts.push(begun)
  open(begun.key)
  sayMissing(missing)
}

export function copyLast(order: PastOrder | undefined = pop.value?.orders[0]) {
  if (!order) return
  if (!draft.value && pop.value) newDraft(pop.value, call.value?.caller ?? null, talking.value?.call ?? null)
  const one = draft.value
  if (!one || one.placed || one.uncertain) return
  const { draft: filled, missing } = copyOrder(one, order, catalogue.value.dishes)
  Object.assign(one, filled)
  sayMissing(missing)
}

// —— the quote ——

export const quote = ref<Quote | null>(null)
export const quoting = ref(false)
/** Why there is no quote: the server's words, or that it is not reached. */
export const quoteTrouble = ref('')
let quoteTimer: ReturnType<typeof setTimeout> | undefined
let quoteAbort: AbortController | null = null

export const serverNow = () => new Date(now.value)

function askForQuote() {
  clearTimeout(quoteTimer)
  quoteAbort?.abort()
  const one = draft.value
  if (!one || one.placed || one.lines.length === 0) {
    quote.value = null
    quoting.value = false
    quoteTrouble.value = ''
    return
  }
  quoting.value = true
  const body = toOrder(one, serverNow())
  quoteTimer = setTimeout(async () => {
    const abort = new AbortController()
    quoteAbort = abort
    try {
      quote.value = await api.post<Quote>('/api/orders/quote', body, { signal: abort.signal, timeoutMs: 6_000 })
      quoteTrouble.value = ''
    } catch (error) {
      if (abort.signal.aborted) return
      const carried = error instanceof Problem ? (error.body.quote as Quote | undefined) : undefined
      if (carried?.lines) quote.value = carried
      else {
        quote.value = null
        quoteTrouble.value = sentence(error)
      }
    } finally {
      if (quoteAbort === abort) quoting.value = false
    }
  }, 250)
}

/** The same order is sent again and again under one key: it is placed once. */
export const submitting = ref(false)
/** The draft whose order was refused as one that is there already: sent once more, it is meant. */
export const duplicate = ref<string | null>(null)
/** What was sent and not answered, word for word: under its key nothing else may be sent. */
const sentBodies = new Map<string, object>()
export async function submit(quiet = false) {
  const one = draft.value
  if (!one || one.placed || one.lines.length === 0 || submitting.value) return
  submitting.value = true
  try {
    const body = sentBodies.get(one.orderKey) ?? {
      ...toOrder(one, serverNow()),
      key: one.orderKey,
      ...(one.call === null ? {} : { call: one.call }),
      ...(quote.value ? { pay_fen: quote.value.pay_fen } : {}),
      ...(duplicate.value === one.key ? { again: true } : {}),
    }
    sentBodies.set(one.orderKey, body)
    const placed = await api.post<Placed>('/api/orders', body, { key: one.orderKey, timeoutMs: 12_000 })
    one.placed = placed
    one.uncertain = false
    duplicate.value = null
    sentBodies.clear()
    dialog.value = ''
    say(t('order.placed', { number: placed.number }))
    saved.delete(one.key)
    if (onServer.delete(one.key)) api.delete(`/api/drafts/${one.key}`).catch(() => {})
  } catch (error) {
    const code = error instanceof Problem ? error.code : 'unknown'
    const status = error instanceof Problem ? error.status : 0
    if (code === 'offline' || code === 'timeout' || status >= 500) {
      one.uncertain = true
      if (!quiet) say(t('order.uncertain'), 'bad')
    } else {
      one.uncertain = false
      sentBodies.delete(one.orderKey)
      one.orderKey = freshKey()
      const again = error instanceof Problem && error.body.duplicate === true
      duplicate.value = again ? one.key : null
      // The same from the same number: the panel stays, and asks whether it is meant.
      if (!again) dialog.value = ''
      const carried = error instanceof Problem ? ((error.body.quote ?? error.body) as Partial<Quote>) : {}
      if (Array.isArray(carried.problems) && Array.isArray(carried.lines)) quote.value = carried as Quote
      else askForQuote()
      say(again ? t('order.duplicate') : sentence(error), 'bad')
    }
  } finally {
    submitting.value = false
  }
}

// —— customers ——

export async function lookUp(id: string): Promise<CustomerPage> {
  const page = await api.get<CustomerPage>(`/api/customers/${encodeURIComponent(id)}`)
  looked[id] = page.pop
  return page
}

/** Says who the caller is. */
export async function identify(customer: string) {
  const of = talking.value ?? wrapping.value
  if (of && (await forCall('call.identify', of, { customer }))) {
    const page = await lookUp(customer).catch(() => null)
    const one = drafts.find((each) => each.call === of.call)
    if (page && one && !one.placed) Object.assign(one, takeCustomer({ ...one, contact: one.customer ? '' : one.contact }, page.pop, of.caller))
  }
}

export async function createCustomer(name: string, phone: string) {
  try {
    const made = await api.post<{ id: string }>('/api/customers', { name, phone }, { key: freshKey() })
    await identify(made.id)
    say(t('customer.created'))
  } catch (error) {
    say(sentence(error), 'bad')
  }
}

export function showInvoice(order: { id: string; number: string; customer?: string | null; phone?: string; invoice?: object | null }) {
  invoiceOf.value = { id: order.id, number: order.number, customer: order.customer ?? null, phone: order.phone ?? '', asked: !!order.invoice }
  dialog.value = 'invoice'
}

export function showCustomer(id: string | null) {
  if (!id) return
  customerShown.value = id
  dialog.value = 'customer'
}

// —— what follows from what ——

export function follow() {
  watch(
    () => [talking.value?.call, talking.value?.state] as const,
    ([number], last) => {
      const before = last?.[0]
      if (number !== undefined && number !== before && talking.value) {
        openForCall(talking.value)
        if (!talking.value.muted) softphone.mute(false)
      }
      if (number === undefined && before !== undefined) {
        softphone.mute(false)
        panel.value = ''
        if (dialog.value === 'hangup') dialog.value = ''
      }
    },
    // A page that was reloaded in a call finds the call before it can follow it.
    { flush: 'sync', immediate: true },
  )
  watch(
    () => wrapping.value?.call,
    (number) => {
      if (number === undefined) return
      Object.assign(wrap, { call: number, code: null, note: '', touched: false })
      const had = drafts.find((one) => one.call === number)
      if (had && openKey.value === null) open(had.key)
    },
    { flush: 'sync', immediate: true },
  )
  // Wrap-up over: the order without a number stays as a parked draft.
  watch(
    () => call.value?.call,
    (number, before) => {
      if (before === undefined || number !== undefined) return
      const of = drafts.find((one) => one.call === before)
      if (of && (of.placed || isBlank(of))) closeDraft(of.key)
      else if (of && openKey.value === of.key) openKey.value = null
    },
  )
  watch(
    () => {
      const one = draft.value
      if (!one) return ''
      const { placed: _placed, orderKey: _key, uncertain: _uncertain, ...shown } = one
      return JSON.stringify(shown) + catalogue.value.version
    },
    askForQuote,
  )
}
