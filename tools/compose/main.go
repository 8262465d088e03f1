// Prints what a Compose file means, as JSON, by compose-go's own reading of it.
//
//	compose [-profile P]... [-env-file F]... FILE
//
// The answer is an object: `project` as compose-go writes it; `unset`, the variables without value
// and default, by the number that stands in their place; `blank`, those that nothing stands for, as
// in Compose; `disabled`, the services of other profiles; `files`, all that was read; `cycle`, a
// circle of dependencies. What cannot be read ends with exit code 1 and compose-go's own words on
// standard error.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/sirupsen/logrus"
)

// circle is how compose-go begins its word on a circle: its last check, so all others held.
const circle = "dependency cycle detected: "

var (
	variable = regexp.MustCompile(`^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$`)
	mount    = regexp.MustCompile(`^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?[^:]*:/[^/]`)
	warning  = regexp.MustCompile(`^The "([^"]+)" variable is not set`)
)

type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

type answer struct {
	Project  json.RawMessage   `json:"project"`
	Unset    map[string]string `json:"unset"`
	Blank    list              `json:"blank"`
	Disabled list              `json:"disabled"`
	Files    list              `json:"files"`
	Cycle    string            `json:"cycle"`
}

// patience is how long circles are searched for.
const patience = 10 * time.Second

// deepest is how large a stack may be, in bytes: a file that holds itself would take all memory.
const deepest = 8 << 20

func main() {
	debug.SetMaxStack(deepest)
	var profiles, envFiles list
	flag.Var(&profiles, "profile", "profile to enable")
	flag.Var(&envFiles, "env-file", "file with variables")
	flag.Parse()
	found, err := read(flag.Arg(0), profiles, envFiles)
	if err == nil {
		encoder := json.NewEncoder(os.Stdout)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// read keeps variables without value apart by numbers, which may stand where a port is wanted;
// where a number does not fit either, they are empty, as in Compose.
func read(file string, profiles, envFiles []string) (*answer, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	found, err := load(file, profiles, envFiles, &marks{given: content, numbers: map[string]string{}})
	if err == nil {
		return found, nil
	}
	if again, second := load(file, profiles, envFiles, nil); second == nil {
		return again, nil
	}
	return nil, err
}

func load(file string, profiles, envFiles []string, marks *marks) (*answer, error) {
	found := &answer{Unset: map[string]string{}, Blank: list{}, Disabled: list{}, Files: list{}}
	logrus.SetOutput(discard{})
	logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{logrus.WarnLevel: {blanks{found}}})
	project, err := checked(func() (*types.Project, error) {
		return projectOf(file, profiles, envFiles, marks, found, true)
	})
	if err == errLong {
		project, err = projectOf(file, profiles, envFiles, marks, found, false)
	}
	if err != nil && strings.Contains(err.Error(), circle) {
		found.Cycle = strings.TrimPrefix(err.Error(), circle)
		project, err = projectOf(file, profiles, envFiles, marks, found, false)
	}
	if err != nil {
		return nil, err
	}
	for name := range project.DisabledServices {
		found.Disabled = append(found.Disabled, name)
	}
	if marks != nil {
		for name, number := range marks.numbers {
			found.Unset[number] = name
		}
	}
	for _, names := range []*list{&found.Blank, &found.Disabled, &found.Files} {
		slices.Sort(*names)
		*names = slices.Compact(*names)
	}
	found.Project, err = project.MarshalJSON()
	return found, err
}

var errLong = errors.New("the search for circles takes too long")

// checked gives up a search for circles, which takes a time exponential in the dependencies. It is
// the last check, so what was given up has passed all others.
func checked(load func() (*types.Project, error)) (*types.Project, error) {
	type result struct {
		project *types.Project
		err     error
	}
	done := make(chan result, 1)
	go func() {
		project, err := load()
		done <- result{project, err}
	}()
	select {
	case found := <-done:
		return found.project, found.err
	case <-time.After(patience):
		return nil, errLong
	}
}

func projectOf(
	file string, profiles, envFiles []string, marks *marks, found *answer, consistent bool,
) (*types.Project, error) {
	options, err := cli.NewProjectOptions(
		[]string{file},
		cli.WithWorkingDirectory(filepath.Dir(file)),
		cli.WithOsEnv,
		cli.WithEnvFiles(envFiles...),
		cli.WithDotEnv,
		cli.WithDefaultProfiles(profiles...),
		cli.WithConsistency(consistent),
		cli.WithDiscardEnvFile,
		cli.WithLoadOptions(func(options *loader.Options) {
			// There is no Interpolate yet while the files are found.
			if marks != nil && options.Interpolate != nil {
				options.Interpolate.Substitute = marks.substitute
			}
			options.Listeners = append(options.Listeners, found.hear(filepath.Dir(file)))
		}),
	)
	if err != nil {
		return nil, err
	}
	found.Files = list{file}
	return options.LoadProject(context.Background())
}

// hear keeps the files that others include or extend.
func (a *answer) hear(folder string) loader.Listener {
	return func(event string, metadata map[string]any) {
		paths := list{}
		switch given := metadata["path"].(type) {
		case string:
			paths = append(paths, given)
		case types.StringList:
			paths = append(paths, given...)
		}
		if given, is := metadata["file"].(string); is {
			paths = append(paths, given)
		}
		for _, path := range paths {
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, path)
			}
			a.Files = append(a.Files, path)
		}
	}
}

// marks are numbers in the place of variables without value. No text of the file has them.
type marks struct {
	given   []byte
	numbers map[string]string
	last    int
}

func (m *marks) substitute(text string, mapping template.Mapping) (string, error) {
	found, err := template.SubstituteWithOptions(text, mapping, template.WithReplacementFunction(
		func(part string, mapping template.Mapping, config *template.Config) (string, error) {
			name := variable.FindStringSubmatch(part)
			if name != nil {
				if _, is := mapping(name[1]); !is {
					return m.of(name[1]), nil
				}
			}
			return template.DefaultReplacementFunc(part, mapping, config)
		},
	))
	if name := mount.FindStringSubmatch(text); name != nil && m.numbers[name[1]] != "" {
		// A number alone would be the name of a volume.
		found = "./" + found
	}
	return found, err
}

func (m *marks) of(name string) string {
	if number, is := m.numbers[name]; is {
		return number
	}
	for number := 61001 + m.last; number <= 65535; number++ {
		text := strconv.Itoa(number)
		if !bytes.Contains(m.given, []byte(text)) {
			m.last = number - 61000
			m.numbers[name] = text
			return text
		}
	}
	return ""
}

// blanks hears of the variables that Compose replaces by nothing.
type blanks struct{ found *answer }

func (blanks) Levels() []logrus.Level { return []logrus.Level{logrus.WarnLevel} }

func (b blanks) Fire(entry *logrus.Entry) error {
	if name := warning.FindStringSubmatch(entry.Message); name != nil {
		b.found.Blank = append(b.found.Blank, name[1])
	}
	return nil
}

type discard struct{}

func (discard) Write(text []byte) (int, error) { return len(text), nil }
