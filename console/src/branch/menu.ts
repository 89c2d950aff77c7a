// The dishes that can be cooked, by number: read once, for names that are in no order yet and for what is sold out.
import { ref } from 'vue'
import { api } from '@/shared/api'
import type { Catalogue, Dish } from '@/shared/wire'

/** Empty until it is read: numbers stand for names. */
export const menu = ref<ReadonlyMap<number, Dish>>(new Map())

let asked: Promise<void> | null = null

/** Reads the dishes, once; after a failure the next one who needs them tries again. */
export function readMenu(): Promise<void> {
  asked ??= api
    .get<Catalogue>('/api/catalogue')
    .then((got) => void (menu.value = new Map(got.dishes.map((dish) => [dish.number, dish]))))
    .catch(() => void (asked = null))
  return asked
}
