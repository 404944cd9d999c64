/** Where a room or message lies: true for good. */
export interface Place {
  roomId: string
  workspaceId: string
}

const most = 20_000

/** Places that this process has seen, by what was asked for; what was not asked for longest goes first. */
export const openPlaces = () => {
  const known = new Map<string, Place>()
  return {
    get: (key: string) => {
      const place = known.get(key)
      if (place && known.delete(key)) known.set(key, place)
      return place
    },
    set: (key: string, place: Place) => {
      if (known.size >= most) known.delete(known.keys().next().value!)
      known.set(key, place)
    },
  }
}
