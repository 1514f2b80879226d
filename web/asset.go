package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"

	"postroom/web/plot"
)

//go:embed static/*.css static/*.js static/*.svg
var staticFiles embed.FS

// assets are the desk's stylesheet, scripts and signs. The path of each names its
// version, so that a browser may keep it for ever.
type assets struct {
	version string
	files   map[string][]byte
}

func openAssets() (assets, error) {
	a := assets{files: map[string][]byte{}}
	hash := sha256.New()
	err := fs.WalkDir(staticFiles, "static", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(file)
		a.files[path.Base(file)] = content
		hash.Write(content)
		return err
	})
	a.files["desk.css"] = append(slices.Clip(a.files["desk.css"]), plot.Style()...)
	hash.Write([]byte(plot.Style()))
	a.version = hex.EncodeToString(hash.Sum(nil))[:12]
	return a, err
}

func (a assets) path(name string) string { return "/static/" + a.version + "/" + name }

func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	content, ok := a.files[r.PathValue("name")]
	if !ok || r.PathValue("version") != a.version {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.PathValue("name"))))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(content) // the browser may be gone
}
