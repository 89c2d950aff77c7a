// The board's live socket and the steps of an order: one store for the branch's page and for headquarters.
import { computed, onMounted, onUnmounted, reactive, ref, shallowRef, triggerRef } from 'vue'
import { api, freshKey, Problem, sentence } from '@/shared/api'
import { now, skew, startClock } from '@/shared/clock'
import { Live } from '@/shared/live'
import { say } from '@/shared/toast'
import { applyBoardFrame, emptyBoard, mergeOrder } from './state'
import type { BoardFrame, Card, Rider } from './wire'
import { t } from './words'

/** A sign of life this often tells the server that somebody has this page open, ms. */
export const BEAT_MS = 5_000
/** A step that could be taken back is offered so, ms. */
export const UNDO_MS = 10_000

export interface Undoable {
  id: string
  tail: string
  step: string
  until: number
}

/** Whether a step that was meant for `seen` may be done on `now`: what decides has not changed. */
export const sameToTheEye = (seen: Card, now: Card): boolean =>
  seen.status === now.status && seen.version === now.version && seen.owner === now.owner && seen.branch === now.branch && JSON.stringify(seen.pending) === JSON.stringify(now.pending)

export function useBoard(onFrame: (frame: BoardFrame) => void = () => {}) {
  const board = shallowRef(emptyBoard())
  /** Orders of which a step is under way. */
  const busy = reactive(new Set<string>())
  const undoable = ref<Undoable[]>([])
  let drawing = false

  /** Many frames in one picture: a busy evening draws once a frame of the screen. */
  function draw() {
    if (drawing) return
    drawing = true
    requestAnimationFrame(() => {
      drawing = false
      triggerRef(board)
    })
  }

  const live = new Live({
    path: '/api/board',
    loose: true,
    beatMs: BEAT_MS,
    onFrame: (raw) => {
      const frame = raw as unknown as BoardFrame
      if (frame.type === 'signed_out') {
        live.stop()
        location.assign(`/?why=${encodeURIComponent(frame.why)}`)
        return
      }
      // Riders are kept by another part of the server: it says that one has changed, and is asked what is so.
      if ((frame.type === 'rider' && !frame.rider?.state) || (frame.type === 'snapshot' && frame.riders.length === 0)) void loadRiders()
      if (frame.type === 'rider' && !frame.rider?.state) return
      const changed = applyBoardFrame(board.value, frame, Date.now())
      skew.value = board.value.skew
      if (frame.type === 'snapshot') triggerRef(board)
      else if (changed) draw()
      onFrame(frame)
    },
  })

  async function loadRiders() {
    try {
      for (const rider of await api.get<Rider[]>('/api/riders')) board.value.riders.set(rider.id, rider)
      triggerRef(board)
    } catch {
      // Orders go on without their riders' names.
    }
  }

  onMounted(startClock)
  onUnmounted(() => live.stop())

  /** Takes a card over that came as an answer. */
  function take(card: Card | null | undefined) {
    if (card && typeof card === 'object' && 'id' in card && mergeOrder(board.value, card)) triggerRef(board)
  }

  const post = (card: Card, name: string, more: Record<string, unknown>) =>
    api.post<Card>(`/api/orders/${encodeURIComponent(card.id)}/steps`, { step: name, life: card.life, ...more }, { key: freshKey() })

  /** One step of an order. True when it was done; what stands in the way is said. */
  async function step(card: Card, name: string, more: Record<string, unknown> = {}, quiet = false): Promise<boolean> {
    if (busy.has(card.id)) return false
    busy.add(card.id)
    try {
      const after = await post(card, name, more).catch((error) => {
        // An alarm of the clock meanwhile is no change of the order: what the person saw still holds.
        const moved = error instanceof Problem && error.code === 'order-moved' ? (error.body.card as Card | undefined) : undefined
        if (moved && sameToTheEye(card, moved)) return post(moved, name, more)
        throw error
      })
      take(after)
      undoable.value = undoable.value.filter((one) => one.id !== card.id)
      if (name !== 'undo' && after?.undo_until && after.undo_until > now.value) {
        undoable.value = [...undoable.value.slice(-2), { id: card.id, tail: card.tail, step: name, until: after.undo_until }]
      }
      return true
    } catch (error) {
      if (error instanceof Problem) take(error.body.card as Card | undefined)
      if (!quiet) say(error instanceof Problem && error.code === 'cannot' && t.has(`cannot.${error.body.why}`) ? t.code('cannot', String(error.body.why)) : sentence(error), 'bad')
      return false
    } finally {
      busy.delete(card.id)
    }
  }

  async function undo(one: Undoable) {
    const card = board.value.orders.get(one.id)
    if (card) await step(card, 'undo')
    undoable.value = undoable.value.filter((each) => each !== one)
  }

  const undoing = computed(() => undoable.value.filter((one) => one.until > now.value))
  return { board, live, busy, step, undo, undoing, take }
}
