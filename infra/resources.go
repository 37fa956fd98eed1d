package infra

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// What the program reads of the provider's resources. The inputs are written in program.go, the shapes are in provider.

// declared is a resource of which only the ID matters.
type declared struct{ pulumi.CustomResourceState }

// primaryIP also has an address.
type primaryIP struct {
	pulumi.CustomResourceState

	Address pulumi.StringOutput `pulumi:"address"`
}
