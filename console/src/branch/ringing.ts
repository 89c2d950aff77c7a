// When the bell sounds: at once for what is new, then every five seconds until somebody touches the card.
import { isLoud, RING_EVERY_MS, rings } from '@/kitchen/order'
import type { Card } from '@/kitchen/wire'

export type Bell = 'none' | 'soft' | 'loud'

/** Decides at each look whether to sound now. Pure but for the clock it is given. */
export class Ringer {
  private last = -Infinity
  private heard = new Set<string>()

  look(cards: Iterable<Card>, touched: ReadonlySet<string>, now: number): Bell {
    const calling = [...cards].filter((card) => rings(card) && !touched.has(card.id))
    const fresh = calling.some((card) => !this.heard.has(card.id))
    this.heard = new Set(calling.map((card) => card.id))
    if (calling.length === 0) {
      this.last = -Infinity
      return 'none'
    }
    if (!fresh && now - this.last < RING_EVERY_MS) return 'none'
    this.last = now
    return calling.some((card) => isLoud(card, now)) ? 'loud' : 'soft'
  }
}
