package pipeline

// laneRow is a lane of the queue of what waits, as the journal keeps it.
type laneRow struct {
	Lane string `json:"lane"`
}
