package scan

import "testing"

// flagged gives a page the flag of a reduced picture.
func flagged(w, h int) tiffPage {
	p := greyTIFF(w, h, 1, gradient(w, h).Pix)
	p.fields = append([][3]int{{254, 4, 1}}, p.fields...)
	return p
}

func TestFlagAloneMakesNoThumbnail(t *testing.T) {
	page := greyTIFF(400, 200, 1, gradient(400, 200).Pix)
	for name, c := range map[string]struct {
		pages []tiffPage
		want  int
	}{
		"a thumbnail":             {[]tiffPage{page, flagged(81, 40)}, 1},
		"two thumbnails":          {[]tiffPage{page, flagged(160, 80), flagged(80, 40), page}, 2},
		"the first page":          {[]tiffPage{flagged(40, 20), page}, 2},
		"the same size":           {[]tiffPage{page, flagged(400, 200)}, 2},
		"larger":                  {[]tiffPage{page, flagged(800, 400)}, 2},
		"hardly smaller":          {[]tiffPage{page, flagged(360, 180)}, 2},
		"other proportions":       {[]tiffPage{page, flagged(100, 99)}, 2},
		"all pages of a scanner":  {[]tiffPage{flagged(400, 200), flagged(400, 200), flagged(400, 200)}, 3},
		"a small page, unflagged": {[]tiffPage{page, greyTIFF(40, 20, 1, gradient(40, 20).Pix)}, 2},
	} {
		if f := mustOpen(t, tiffBytes(c.pages...)); f.Pages() != c.want {
			t.Errorf("%s: %d pages, want %d", name, f.Pages(), c.want)
		}
	}
}
