/** What a process has learnt about where things lie, by what was asked for (`task:<id>`). */
export interface Places<Place> {
  get(key: string): Place | undefined
  set(key: string, place: Place): void
}

const most = 20_000

/** For what is true for good, and never for a right. What was not asked for longest goes first. */
export const openPlaces = <Place>(): Places<Place> => {
  const known = new Map<string, Place>()
  return {
    get: (key) => {
      const place = known.get(key)
      if (place && known.delete(key)) known.set(key, place)
      return place
    },
    set: (key, place) => {
      if (known.size >= most) known.delete(known.keys().next().value!)
      known.set(key, place)
    },
  }
}
