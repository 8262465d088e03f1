package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/protobuf/types/known/emptypb"
)

// bail is the launcher's exit code for an error that it has reported to the engine itself.
const bail = 32

// languageHost answers for the programs of one engine.
type languageHost struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	engine   string
	launcher string
}

// GetRequiredPackages lists the providers that the installed Pulumi packages name.
func (host *languageHost) GetRequiredPackages(
	ctx context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	chain, err := validChain(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	installed, err := chain.ListPackages(ctx, true)
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetRequiredPackagesResponse{}
	for _, each := range installed {
		if !strings.HasPrefix(each.Name, "pulumi-") {
			continue
		}
		found, err := provider(ctx, chain, each.Name)
		if err != nil {
			return nil, err
		}
		if found != nil {
			response.Packages = append(response.Packages, found)
		}
	}
	return response, nil
}

// provider reads what a package says of its plugin; nil if it has none.
func provider(
	ctx context.Context, chain toolchain.Toolchain, name string,
) (*pulumirpc.PackageDependency, error) {
	const script = "import importlib.util, pathlib, sys\n" +
		"spec = importlib.util.find_spec(sys.argv[1])\n" +
		"for folder in spec.submodule_search_locations if spec else ():\n" +
		"    print(pathlib.Path(folder, 'pulumi-plugin.json'))\n"
	command, err := chain.Command(ctx, "-c", script, strings.ReplaceAll(name, "-", "_"))
	if err != nil {
		return nil, err
	}
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("calling `%s`: %w", strings.Join(command.Args, " "), err)
	}
	described, err := plugin.LoadPulumiPluginJSON(strings.TrimSpace(string(output)))
	if errors.Is(err, os.ErrNotExist) || (err == nil && !described.Resource) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &pulumirpc.PackageDependency{
		Name: described.Name, Kind: "resource", Version: "v" + strings.TrimPrefix(described.Version, "v"),
		Server: described.Server,
	}, nil
}

// Run runs the program and says how it ended.
func (host *languageHost) Run(
	ctx context.Context, request *pulumirpc.RunRequest,
) (*pulumirpc.RunResponse, error) {
	chain, err := validChain(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	command, err := chain.Command(ctx, host.arguments(request)...)
	if err != nil {
		return nil, err
	}
	// The launcher refuses null, which is what an empty map or list would become.
	settings := map[string]string{}
	maps.Copy(settings, request.GetConfig())
	config, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	secretKeys, err := json.Marshal(append([]string{}, request.GetConfigSecretKeys()...))
	if err != nil {
		return nil, err
	}
	if command.Env == nil {
		command.Env = os.Environ()
	}
	command.Env = append(command.Env, "PULUMI_CONFIG="+string(config),
		"PULUMI_CONFIG_SECRET_KEYS="+string(secretKeys))
	command.Dir = request.GetPwd()
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return outcome(command.Run())
}

// arguments are those of the launcher, its own path first.
func (host *languageHost) arguments(request *pulumirpc.RunRequest) []string {
	arguments := []string{host.launcher}
	for _, option := range [][2]string{
		{"monitor", request.GetMonitorAddress()},
		{"engine", host.engine},
		{"project", request.GetProject()},
		{"root_directory", request.GetInfo().GetRootDirectory()},
		{"stack", request.GetStack()},
		{"pwd", request.GetPwd()},
		{"dry_run", fmt.Sprint(request.GetDryRun())},
		{"parallel", fmt.Sprint(request.GetParallel())},
		{"organization", request.GetOrganization()},
	} {
		if option[1] != "" {
			arguments = append(arguments, "--"+option[0], option[1])
		}
	}
	entry := request.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	return append(append(arguments, entry), request.GetArgs()...)
}

// outcome tells an end that the program has reported itself from one that nobody has reported yet.
func outcome(err error) (*pulumirpc.RunResponse, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case errors.As(err, &exit) && exit.ExitCode() == bail:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program ended with %s", exit)}, nil
	default:
		return nil, fmt.Errorf("the program cannot be run: %w", err)
	}
}

// About says which interpreter runs programs.
func (host *languageHost) About(
	ctx context.Context, request *pulumirpc.AboutRequest,
) (*pulumirpc.AboutResponse, error) {
	chain, err := chainOf(request.GetInfo())
	if err != nil {
		return nil, err
	}
	info, err := chain.About(ctx)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{
		Executable: info.PythonExecutable, Version: info.PythonVersion.String(),
	}, nil
}

// GetProgramDependencies lists the installed packages.
func (host *languageHost) GetProgramDependencies(
	ctx context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	chain, err := validChain(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	installed, err := chain.ListPackages(ctx, request.GetTransitiveDependencies())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, each := range installed {
		response.Dependencies = append(response.Dependencies,
			&pulumirpc.DependencyInfo{Name: each.Name, Version: each.Version})
	}
	return response, nil
}

// GetPluginInfo says the version of Pulumi's code in here.
func (host *languageHost) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// validChain is the toolchain of a program, whose virtual environment is there.
func validChain(ctx context.Context, program *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	chain, err := chainOf(program)
	if err != nil {
		return nil, err
	}
	return chain, chain.ValidateVenv(ctx)
}

// chainOf is what the options `toolchain` and `virtualenv` of Pulumi.yaml ask for.
func chainOf(program *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	options := toolchain.PythonOptions{
		Root: program.GetRootDirectory(), ProgramDir: program.GetProgramDirectory(),
	}
	given := program.GetOptions().AsMap()
	if virtualenv, ok := given["virtualenv"].(string); ok {
		options.Virtualenv = virtualenv
	}
	switch name := given["toolchain"]; name {
	case nil:
		options.Toolchain = toolchain.Auto
	case "pip":
		options.Toolchain = toolchain.Pip
	case "poetry":
		options.Toolchain = toolchain.Poetry
	case "uv":
		options.Toolchain = toolchain.Uv
	default:
		return nil, fmt.Errorf("the option 'toolchain' in Pulumi.yaml is %q; write pip, poetry or uv", name)
	}
	return toolchain.ResolveToolchain(options)
}
