package main
import ("testing";"os/exec";"strings";"fmt";"os";"postroom/samples")
func TestZZ(t *testing.T){
 files,err:=write("/tmp/bo/zzpages",5,18); if err!=nil {t.Fatal(err)}
 _ = samples.TextPage{}
 for _,suffix:=range []string{"-postroom.pdf","-ocrmypdf.pdf"} { for _,raw:=range []bool{false,true} {
  var all [][]string
  for _,f:=range files {
   p:=strings.Replace(strings.TrimSuffix(f.path,".pdf")+suffix,"zzpages","pages",1)
   args:=[]string{p,"-"}; if raw {args=[]string{"-raw",p,"-"}}
   b,err:=exec.Command("pdftotext",args...).Output(); if err!=nil {t.Fatal(err)}
   all=append(all,strings.Split(strings.TrimSuffix(string(b),"\f"),"\f"))
  }
  fmt.Println(suffix,raw,100*accuracy(files,all))
  if raw { for i,f:=range files { for n,p:=range f.pages { one:=accuracy([]file{{pages:f.pages[n:n+1]}},[][]string{all[i][n:n+1]}); fmt.Fprintf(os.Stdout,"%d/%d %s %s %d bit=%v turn=%d %.2f\n",i,n,p.Language,p.Level,p.DPI,p.Bitonal,p.Turn,100*one) }}}
 }}
}
