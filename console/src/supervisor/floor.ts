// What the floor and the wallboard know, kept up by the live socket; and the day's numbers, asked for again when something moved.
import { computed, onMounted, onUnmounted, reactive, ref, watch } from 'vue'
import { api, whoAmI } from '@/shared/api'
import { now, skew, startClock } from '@/shared/clock'
import { applyFrame, emptyFloor } from '@/shared/floor_state'
import { Live } from '@/shared/live'
import type { Frame, Me } from '@/shared/wire'
import { hours, THRESHOLDS, type Hour } from './figures'

export interface Wall {
  offered: number | null
  answered: number | null
  abandoned: number | null
  inTime: number | null
  abandonRate: number | null
  orders: number | null
  hours: Hour[]
}

/** «Data as of» turns red when older than this, ms. */
export const STALE_MS = 10_000
/** A quiet floor is asked this often whether it is still there, ms. */
const ASK_MS = 4_000
/** The day's numbers are asked for at most this often, ms. */
const WALL_MS = 3_000

export function useFloor(heard: (frame: Frame) => void = () => {}) {
  const state = reactive(emptyFloor())
  const me = ref<Me | null>(null)
  const wall = reactive<Wall>({ offered: null, answered: null, abandoned: null, inTime: null, abandonRate: null, orders: null, hours: [] })
  /** When the server was last heard, by our clock. */
  const heardAt = ref(0)
  let asked = 0
  let pending: ReturnType<typeof setTimeout> | undefined
  let beat: ReturnType<typeof setInterval> | undefined

  const live = new Live({
    onFrame: (frame) => {
      heardAt.value = Date.now()
      applyFrame(state, frame, Date.now(), me.value?.user ?? null)
      skew.value = state.skew
      if (frame.type === 'signed_out') {
        live.stop()
        location.assign(`/?why=${encodeURIComponent(frame.why)}`)
      }
      if (frame.type === 'snapshot' || frame.type === 'queues' || frame.type === 'agent.state') renew()
      heard(frame)
    },
    onHeard: () => (heardAt.value = Date.now()),
  })

  /** Asks for the day's numbers soon: what was pushed says that they have moved. */
  function renew() {
    if (pending) return
    pending = setTimeout(
      async () => {
        pending = undefined
        asked = Date.now()
        try {
          take(await api.get<Record<string, unknown>>('/api/wall'))
        } catch {
          // The numbers that were pushed go on; these stay as they were.
        }
      },
      Math.max(0, asked + WALL_MS - Date.now()),
    )
  }

  function take(raw: Record<string, unknown> | null) {
    const today = (raw?.today ?? {}) as Record<string, unknown>
    const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null)
    Object.assign(wall, {
      offered: number(today.offered),
      answered: number(today.answered),
      abandoned: number(today.abandoned),
      inTime: number(today.in_time_percent),
      abandonRate: number(today.abandon_percent),
      orders: number(today.orders),
      hours: hours(raw?.by_hour),
    })
  }

  onMounted(async () => {
    startClock()
    // Without a session this leaves for the sign-in page; a server that is away is waited for by the socket.
    me.value = await whoAmI()
    if (!me.value) return
    live.start()
    beat = setInterval(() => {
      if (live.state.open && Date.now() - heardAt.value > ASK_MS) live.ask()
    }, 1_000)
  })
  onUnmounted(() => {
    live.stop()
    clearInterval(beat)
    clearTimeout(pending)
  })

  const age = ref(0)
  watch(now, () => (age.value = heardAt.value === 0 ? 0 : Date.now() - heardAt.value))
  const stale = computed(() => age.value > STALE_MS)
  const silent = computed(() => Object.values(state.nodes).filter((node) => node.silent_since !== null))
  const limits = computed(() => me.value?.thresholds ?? THRESHOLDS)
  return { state, me, wall, live, heardAt, stale, silent, limits }
}
