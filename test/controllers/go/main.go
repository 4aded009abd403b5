// A controller of WebSites on controller-runtime: `controller KUBECONFIG NAMESPACE`. It does what the one in ../node does.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	metav1apply "k8s.io/client-go/applyconfigurations/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/retry"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	manager   = "website-controller"
	group     = "web.example.com"
	finalizer = group + "/cleanup"
)

var kind = schema.GroupVersionKind{Group: group, Version: "v1", Kind: "WebSite"}

// No generated types: custom objects go as JSON, the built-in ones as protobuf.
func newSite() *unstructured.Unstructured {
	site := &unstructured.Unstructured{}
	site.SetGroupVersionKind(kind)
	return site
}

func secretMetadata() *metav1.PartialObjectMetadata {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	return metadata
}

type reconciler struct {
	client.Client
	reader client.Reader
	events events.EventRecorder
}

func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	site := newSite()
	if err := r.Get(ctx, request.NamespacedName, site); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if site.GetDeletionTimestamp() != nil {
		return reconcile.Result{}, r.finish(ctx, site)
	}
	if controllerutil.AddFinalizer(site, finalizer) {
		return reconcile.Result{}, r.Update(ctx, site, client.FieldOwner(manager))
	}
	if err := r.children(ctx, site); err != nil {
		return reconcile.Result{}, err
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	if err := r.List(ctx, list, client.InNamespace(request.Namespace), client.MatchingLabels{"site": request.Name}); err != nil {
		return reconcile.Result{}, err
	}
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		return r.writeStatus(ctx, request.NamespacedName, site.GetGeneration(), int64(len(list.Items)))
	})
	return reconcile.Result{}, err
}

func (r *reconciler) finish(ctx context.Context, site *unstructured.Unstructured) error {
	if !controllerutil.ContainsFinalizer(site, finalizer) {
		return nil
	}
	gone := corev1apply.ConfigMap("gone", site.GetNamespace()).WithData(map[string]string{site.GetName(): "gone"})
	if err := r.Apply(ctx, gone, client.FieldOwner(manager), client.ForceOwnership); err != nil {
		return err
	}
	controllerutil.RemoveFinalizer(site, finalizer)
	return client.IgnoreNotFound(r.Update(ctx, site, client.FieldOwner(manager)))
}

func (r *reconciler) children(ctx context.Context, site *unstructured.Unstructured) error {
	name := site.GetName()
	own := map[string]string{"managed-by": manager, "site": name}
	selected := map[string]string{"site": name}
	content, _, _ := unstructured.NestedString(site.Object, "spec", "content")
	replicas64, _, _ := unstructured.NestedInt64(site.Object, "spec", "replicas")
	replicas := int32(replicas64)
	owner := metav1apply.OwnerReference().WithAPIVersion(site.GetAPIVersion()).WithKind(site.GetKind()).
		WithName(name).WithUID(site.GetUID()).WithController(true).WithBlockOwnerDeletion(true)
	configMap := corev1apply.ConfigMap(name, site.GetNamespace()).WithLabels(own).WithOwnerReferences(owner).
		WithData(map[string]string{"index.html": content})
	if err := r.Apply(ctx, configMap, client.FieldOwner(manager), client.ForceOwnership); err != nil {
		return err
	}
	at := metav1.ObjectMeta{Name: name, Namespace: site.GetNamespace()}
	deployment := &appsv1.Deployment{ObjectMeta: at}
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, deployment, func() error {
		deployment.Labels = own
		deployment.Spec.Paused = true
		deployment.Spec.Replicas = &replicas
		if deployment.Spec.Selector == nil {
			deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: selected}
			deployment.Spec.Template.Labels = selected
			deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "web", Image: "web:1"}}
		}
		return controllerutil.SetControllerReference(site, deployment, r.Scheme())
	})
	if err != nil {
		return err
	}
	service := &corev1.Service{ObjectMeta: at}
	_, err = controllerutil.CreateOrUpdate(ctx, r.Client, service, func() error {
		service.Labels = own
		service.Spec.Selector = selected
		if len(service.Spec.Ports) == 0 {
			service.Spec.Ports = []corev1.ServicePort{{Name: "http", Protocol: "TCP", TargetPort: intstr.FromInt32(8080)}}
		}
		service.Spec.Ports[0].Port = 80
		return controllerutil.SetControllerReference(site, service, r.Scheme())
	})
	return err
}

func (r *reconciler) writeStatus(ctx context.Context, key types.NamespacedName, generation, secrets int64) error {
	site := newSite()
	if err := r.reader.Get(ctx, key, site); err != nil {
		return client.IgnoreNotFound(err)
	}
	before := site.DeepCopy()
	observed, _, _ := unstructured.NestedInt64(site.Object, "status", "observedGeneration")
	status := struct {
		ObservedGeneration int64              `json:"observedGeneration"`
		Secrets            int64              `json:"secrets"`
		Conditions         []metav1.Condition `json:"conditions"`
	}{}
	if old, ok, _ := unstructured.NestedMap(site.Object, "status"); ok {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(old, &status); err != nil {
			return err
		}
	}
	status.ObservedGeneration, status.Secrets = generation, secrets
	message := fmt.Sprintf("generation %d", generation)
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: "Ready", Status: "True", Reason: "Reconciled", Message: message, ObservedGeneration: generation,
	})
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&status)
	if err != nil {
		return err
	}
	site.Object["status"] = fields
	if equality.Semantic.DeepEqual(before.Object, site.Object) {
		return nil
	}
	if err := r.Status().Update(ctx, site, client.FieldOwner(manager)); err != nil {
		return err
	}
	if observed != generation {
		r.events.Eventf(site, nil, "Normal", "Reconciled", "Reconcile", "%s", message)
	}
	return nil
}

// Counts the labelled ConfigMaps page by page.
func census(ctx context.Context, c client.Client, reader client.Reader, namespace string) error {
	count, pages, next := 0, 0, ""
	for {
		list := &corev1.ConfigMapList{}
		err := reader.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"census": "yes"},
			client.Limit(7), client.Continue(next))
		if err != nil {
			return err
		}
		count, pages, next = count+len(list.Items), pages+1, list.Continue
		if next == "" {
			break
		}
	}
	data := map[string]string{"count": strconv.Itoa(count), "pages": strconv.Itoa(pages)}
	return c.Apply(ctx, corev1apply.ConfigMap("census", namespace).WithData(data), client.FieldOwner(manager), client.ForceOwnership)
}

func run(kubeconfig, namespace string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent = manager
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	owned := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{"managed-by": manager})}
	withSite, _ := labels.Parse("site")
	duration := func(seconds int) *time.Duration {
		d := time.Duration(seconds) * time.Second
		return &d
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  scheme,
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        manager,
		LeaderElectionNamespace: namespace,
		LeaseDuration:           duration(60),
		RenewDeadline:           duration(50),
		RetryPeriod:             duration(1),
		Cache: cache.Options{
			DefaultNamespaces: map[string]cache.Config{namespace: {}},
			ByObject: map[client.Object]cache.ByObject{
				newSite():            {Label: labels.SelectorFromSet(labels.Set{"tier": "web"})},
				secretMetadata():     {Label: withSite},
				&appsv1.Deployment{}: owned,
				&corev1.Service{}:    owned,
				&corev1.ConfigMap{}:  owned,
			},
		},
		Client: client.Options{Cache: &client.CacheOptions{Unstructured: true}},
	})
	if err != nil {
		return err
	}
	r := &reconciler{Client: mgr.GetClient(), reader: mgr.GetAPIReader(), events: mgr.GetEventRecorder(manager)}
	ofSecret := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, object client.Object) []reconcile.Request {
		name := types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetLabels()["site"]}
		return []reconcile.Request{{NamespacedName: name}}
	})
	err = builder.ControllerManagedBy(mgr).Named(manager).For(newSite()).
		Owns(&corev1.ConfigMap{}).Owns(&appsv1.Deployment{}).Owns(&corev1.Service{}).
		WatchesMetadata(secretMetadata(), ofSecret).Complete(r)
	if err != nil {
		return err
	}
	ctx := ctrl.SetupSignalHandler()
	go func() {
		<-mgr.Elected()
		if err := census(ctx, mgr.GetClient(), mgr.GetAPIReader(), namespace); err != nil {
			log.Log.Error(err, "census")
		}
		fmt.Println("running")
	}()
	return mgr.Start(ctx)
}

func main() {
	log.SetLogger(zap.New())
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
