package org.qsd4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.Architectures;

/** The layers of the house, and who may see which library. */
@AnalyzeClasses(packages = "org.qsd4j", importOptions = ArchitectureTest.ProductOnly.class)
class ArchitectureTest {
    private static final String ROOT = "org.qsd4j.";

    /** ArchUnit's own option knows the default output folder only. */
    static final class ProductOnly implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("/test-classes/");
        }
    }

    @ArchTest
    static final ArchRule arrowsPointDown = Architectures.layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("org.qsd4j..")
            .layer("L0")
            .definedBy(ROOT + "util..", ROOT + "sys..", ROOT + "trace..")
            .layer("L1")
            .definedBy(ROOT + "qapi..", ROOT + "aio..", ROOT + "nbd..", ROOT + "crypto..", ROOT + "tls..")
            .layer("L2")
            .definedBy(ROOT + "block", ROOT + "block.sparse..", ROOT + "qom..")
            .layer("L3")
            .definedBy(ROOT + "block.driver..", ROOT + "job..")
            .layer("L4")
            .definedBy(ROOT + "export..", ROOT + "chardev..")
            .layer("L5")
            .definedBy(ROOT + "monitor..")
            .layer("L6")
            .definedBy(ROOT + "daemon..")
            .withOptionalLayers(true)
            .whereLayer("L6")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("L5")
            .mayOnlyBeAccessedByLayers("L6")
            .whereLayer("L4")
            .mayOnlyBeAccessedByLayers("L5", "L6")
            .whereLayer("L3")
            .mayOnlyBeAccessedByLayers("L4", "L5", "L6")
            .whereLayer("L2")
            .mayOnlyBeAccessedByLayers("L3", "L4", "L5", "L6")
            .whereLayer("L1")
            .mayOnlyBeAccessedByLayers("L2", "L3", "L4", "L5", "L6");

    @ArchTest
    static final ArchRule everyPackageHasALayer = classes()
            .that()
            .resideOutsideOfPackages(ROOT + "schema..")
            .should()
            .resideInAnyPackage(
                    ROOT + "util..",
                    ROOT + "sys..",
                    ROOT + "trace..",
                    ROOT + "qapi..",
                    ROOT + "aio..",
                    ROOT + "nbd..",
                    ROOT + "crypto..",
                    ROOT + "tls..",
                    ROOT + "block..",
                    ROOT + "qom..",
                    ROOT + "job..",
                    ROOT + "export..",
                    ROOT + "chardev..",
                    ROOT + "monitor..",
                    ROOT + "daemon..");

    @ArchTest
    static final ArchRule driversNeverSeeEachOther =
            slices().matching(ROOT + "block.driver.(*)..").should().notDependOnEachOther();

    @ArchTest
    static final ArchRule exportTypesNeverSeeEachOther =
            slices().matching(ROOT + "export.(*)..").should().notDependOnEachOther();

    @ArchTest
    static final ArchRule wireAndFormatSeeOnlyTheGround = noClasses()
            .that()
            .resideInAnyPackage("org.qsd4j..wire..", "org.qsd4j..format..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    ROOT + "aio..",
                    ROOT + "block",
                    ROOT + "job..",
                    ROOT + "monitor..",
                    ROOT + "daemon..",
                    ROOT + "qom..")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule nativeCallsOnlyInSys = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + "sys..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jnr..", "com.kenai.jffi..", "sun.misc..", "ru.serce..");

    @ArchTest
    static final ArchRule nettyOnlyWhereSocketsAre = noClasses()
            .that()
            .resideOutsideOfPackages(ROOT + "monitor..", ROOT + "chardev..", ROOT + "export.nbd..", ROOT + "aio..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..");

    @ArchTest
    static final ArchRule theGeneratorStaysAtBuildTime = noClasses()
            .that()
            .resideOutsideOfPackage(ROOT + "schema..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(ROOT + "schema..");
}
