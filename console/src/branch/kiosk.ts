// What a tablet on the kitchen wall needs: a bell that is on, a screen that stays on, and settings that stay.
import { onMounted, onUnmounted, reactive, ref, watch } from 'vue'
import { orderBell, setVolume, soundsAwake, wakeSounds } from '@/shared/sounds'

const KEPT = 'dinetone.branch'
interface Kept {
  /** 1 to 4. */
  volume: number
  /** Print the kitchen slip from this tablet when an order is accepted. */
  print: boolean
}

function kept(): Kept {
  try {
    const read = JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Kept>
    return { volume: Math.min(4, Math.max(1, Number(read.volume) || 3)), print: read.print === true }
  } catch {
    return { volume: 3, print: false }
  }
}

export const settings = reactive(kept())
watch(
  settings,
  () => {
    setVolume(settings.volume / 4)
    try {
      localStorage.setItem(KEPT, JSON.stringify(settings))
    } catch {
      // A tablet without storage begins anew each time.
    }
  },
  { immediate: true },
)

/** Whether the bell would be heard. Any touch of the page wakes it. */
export function useBell() {
  const awake = ref(false)
  const look = () => (awake.value = soundsAwake())
  const touch = () => {
    wakeSounds()
    setTimeout(look, 100)
  }
  let watching: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    look()
    addEventListener('pointerdown', touch)
    addEventListener('keydown', touch)
    watching = setInterval(look, 2_000)
  })
  onUnmounted(() => {
    removeEventListener('pointerdown', touch)
    removeEventListener('keydown', touch)
    clearInterval(watching)
  })
  return { awake, wake: touch, test: () => orderBell(false) }
}

/** Keeps the screen on while the page is seen; browsers drop the lock when it is hidden. */
export function useWakeLock() {
  const held = ref(false)
  let lock: WakeLockSentinel | null = null
  const ask = async () => {
    if (document.visibilityState !== 'visible' || lock || !('wakeLock' in navigator)) return
    try {
      lock = await navigator.wakeLock.request('screen')
      held.value = true
      lock.addEventListener('release', () => {
        lock = null
        held.value = false
      })
    } catch {
      held.value = false
    }
  }
  onMounted(() => {
    void ask()
    document.addEventListener('visibilitychange', ask)
  })
  onUnmounted(() => {
    document.removeEventListener('visibilitychange', ask)
    void lock?.release()
  })
  return held
}
