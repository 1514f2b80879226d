// Package postroom is a house of rooms, one package each; docs/design.md is its
// plan, and the test beside this file holds its floors and walls. There is
// nothing to import here: the program is cmd/postroom.
package postroom
