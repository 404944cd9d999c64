/** Where something lies. A board or task never leaves its project, nor a project its workspace: true for good. */
export interface Place {
  projectId: string
  workspaceId: string
}

export interface Places {
  get(id: string): Place | undefined
  set(id: string, place: Place): void
}

const most = 20_000

/** Places that this process has seen, by what was asked for (`task:<id>`); what was not asked for longest goes first. */
export const openPlaces = (): Places => {
  const known = new Map<string, Place>()
  return {
    get: (id) => {
      const place = known.get(id)
      if (place && known.delete(id)) known.set(id, place)
      return place
    },
    set: (id, place) => {
      if (known.size >= most) known.delete(known.keys().next().value!)
      known.set(id, place)
    },
  }
}
